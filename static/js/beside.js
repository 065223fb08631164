// A document beside the diff: opened by a click on what names it, closed by Escape. Without this file the same links are pages.
const side = document.getElementById("beside");
const part = document.getElementById("beside-part");
let from = null;

// On a wide screen it stands under the decision, which stays in sight; on a small one it is a sheet wherever it is.
document.querySelector(".patch-side")?.append(side);

// Where the part of the page for this link comes from; "" when the link leads elsewhere.
function address(link) {
  if (link.dataset.beside) return link.dataset.beside;
  const url = new URL(link.href, location.href);
  const repo = url.searchParams.get("repo");
  if (url.origin !== location.origin || url.pathname !== side.dataset.files || (repo && repo !== side.dataset.repo)) return "";
  const asked = new URLSearchParams({ path: url.searchParams.get("path") ?? "", commit: url.searchParams.get("commit") ?? "" });
  const line = /^#L(\d+)$/.exec(url.hash);
  if (line) asked.set("line", line[1]);
  return `${side.dataset.part}?${asked}`;
}

function mark(link) {
  document.querySelector("[data-open-beside]")?.removeAttribute("data-open-beside");
  link?.setAttribute("data-open-beside", "");
}

// The line that is meant, in the upper third. The page moves only when part of the panel were out of sight.
function show() {
  side.scrollIntoView({ block: "nearest" });
  const line = part.querySelector("tr.here");
  side.scrollTop = line ? side.scrollTop + line.getBoundingClientRect().top - side.getBoundingClientRect().top - side.clientHeight / 3 : 0;
  part.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

function open(link, url) {
  if (!side.contains(link)) {
    from = link;
    mark(link);
  }
  side.hidden = false;
  window.htmx.ajax("GET", url, { target: part, swap: "innerHTML" }).then(show);
}

function close() {
  if (side.hidden) return;
  side.hidden = true;
  part.replaceChildren();
  mark(null);
  if (from?.isConnected) from.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".beside-close")) close();
  const link = event.target.closest("main a[href]");
  if (!link || link.hasAttribute("data-page") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const url = address(link);
  if (!url) return;
  event.preventDefault();
  open(link, url);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
});
