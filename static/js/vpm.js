// What every page shares: theme, keys, selects that submit, and the return of focus.
const root = document.documentElement;
const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("vpm-theme", root.dataset.theme);
    document.body.dispatchEvent(new CustomEvent("vpm:theme"));
  }
  if (event.target.closest("[data-help]")) document.getElementById("help")?.showModal();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.submit();
});

// What takes more than a moment says that it is at work, and is not sent twice.
function busy(form, is) {
  form.setAttribute("aria-busy", is);
  form.querySelectorAll("button").forEach((button) => { button.disabled = is; });
  form.querySelectorAll("progress").forEach((bar) => { bar.hidden = !is; });
}
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-slow]")) busy(event.target, true);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-slow]").forEach((form) => busy(form, false)));

export const rows = () => [...document.querySelectorAll("main [data-row]")].filter((row) => row.offsetParent);

function step(by) {
  const all = rows();
  if (!all.length) {
    document.querySelector(`[data-step="${by > 0 ? "j" : "k"}"]`)?.click();
    return;
  }
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  attend(next);
}

export function attend(row) {
  (row.querySelector("a.what") ?? row.querySelector("a"))?.focus();
  row.scrollIntoView({ block: "nearest" });
}

// Whatever in the row has the focus: "o" presses no button.
function open(row) {
  (row?.querySelector("a.what") ?? row?.querySelector("a"))?.click();
}

export function announce(text) {
  const place = document.getElementById("announce");
  if (place) place.textContent = text.trim();
}

let going = false;

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (going) {
    going = false;
    document.querySelector(`nav [data-go="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1500); }
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "o") open(document.activeElement?.closest("[data-row]"));
  else if (event.key === "?") document.getElementById("help")?.showModal();
});

// Whether a person chose something else than the page came with.
function chosen(field) {
  if (field.type === "radio") return field.checked !== field.defaultChecked;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
}

// A swap must not steal what a person is typing or chose: a section with a filled, changed or focused field is left alone.
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  const byPulse = event.detail.requestConfig?.triggeringEvent?.type === "vpm:changed";
  const typing = target.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const typed = [...target.querySelectorAll("textarea")].some((field) => field.value);
  const picked = [...target.querySelectorAll("input[type=radio], select")].some(chosen);
  if (byPulse && (typing || typed || picked)) event.detail.shouldSwap = false;
});

// What changed is said once, for those who do not see it.
document.addEventListener("htmx:afterSwap", (event) => {
  const said = event.detail.target.querySelector?.("[role=alert], [role=status]");
  if (said && event.detail.target.id !== "pulse") announce(said.textContent);
});
