// The cell beside the map: opened by a click on the map or in a list, part of the URL, closed by Escape.
export function watchPanel(changed) {
  const side = document.getElementById("map-side");
  const panel = document.getElementById("panel");
  let from = null;

  const current = () => new URL(location.href).searchParams.get("cell") ?? "";
  const address = (key) => {
    const url = new URL(location.href);
    if (key) url.searchParams.set("cell", key);
    else url.searchParams.delete("cell");
    return url;
  };

  function mark() {
    const key = current();
    for (const link of document.querySelectorAll("#swarm a[data-cell]")) {
      if (link.dataset.cell === key) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  function show(key, url) {
    side.classList.toggle("open", Boolean(key));
    if (!key) panel.replaceChildren();
    else window.htmx.ajax("GET", url, { target: panel, swap: "innerHTML" }).then(() => panel.focus({ preventScroll: true }));
    panel.scrollTop = 0;
    mark();
    changed(key);
  }

  function open(key, url) {
    from = document.activeElement;
    if (key !== current()) history.pushState({ cell: key }, "", address(key));
    show(key, url);
  }

  function close() {
    const key = current();
    if (!key) return;
    history.pushState({}, "", address(""));
    show("");
    const row = document.querySelector(`#swarm a[data-cell="${CSS.escape(key)}"]`);
    (from?.isConnected && from !== document.body ? from : row)?.focus({ preventScroll: from !== row });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest(".map-close")) close();
    const link = event.target.closest("a[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link.dataset.cell, link.dataset.panel);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const links = [...document.querySelectorAll("#swarm [data-row]:not([hidden]) a.what")];
    const at = links.indexOf(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    links[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  });
  window.addEventListener("popstate", () => {
    const link = document.querySelector(`#swarm a[data-cell="${CSS.escape(current())}"]`);
    show(link ? current() : "", link?.dataset.panel);
  });

  if (current()) queueMicrotask(() => changed(current()));
  return { open, mark };
}
