// Deciding by keyboard: a key presses the button that carries it, in the row that has the focus or on the page of one
// patch. No row in focus, no decision: the target is always to be seen, and "u" takes it back.
import { announce, attend, rows } from "./vpm.js";

function place() {
  return document.activeElement?.closest("[data-row]") ?? (rows().length ? null : document.querySelector("main"));
}

// What changed meanwhile is read before it is approved: a key or click that was already on its way does not count.
const READING = 1200;
let shown = 0;

function press(button) {
  if (!button) return false;
  // It came this very moment: htmx takes hold of it in the next one, and until then it would leave the page.
  if (button.closest(".htmx-added")) return Boolean(setTimeout(press, 30, button));
  if (button.matches(".since [data-verb=approve]") && Date.now() - shown < READING) return true;
  if (button.disabled) announce(button.title);
  else button.click();
  return true;
}

// "r" and "s" need a reason: the field opens, Enter sends it with that button, Escape leaves it.
function askWhy(button) {
  const form = button.form;
  const field = form.querySelector("textarea[name=reason]");
  field.closest("details")?.setAttribute("open", "");
  form.dataset.pending = button.dataset.withReason;
  for (const one of form.querySelectorAll("[data-with-reason]")) one.classList.toggle("pending", one === button);
  field.focus();
}

// Pressed by hand it asks for the reason first, too.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-with-reason]");
  if (!button || button.form.querySelector("textarea[name=reason]").value.trim()) return;
  event.preventDefault();
  event.stopPropagation();
  askWhy(button);
}, true);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("textarea[name=reason]")) return inReason(event);
  if (event.target.matches("input, textarea, select")) return;
  const key = CSS.escape(event.key);
  if (event.key === "u") return void (press(document.querySelector('#toast [data-key="u"]')) || press(document.querySelector('#decision [data-key="u"]')));
  const here = place();
  if (!here || event.key.length > 1) return;
  const why = here.querySelector(`[data-with-reason="${key}"]`);
  if (why) { event.preventDefault(); askWhy(why); }
  else press(here.querySelector(`button[data-key="${key}"], a[data-key="${key}"]`));
});

function inReason(event) {
  const form = event.target.form;
  const pending = form.querySelector(".pending");
  if (event.key === "Enter" && pending && !event.shiftKey && !event.isComposing) { event.preventDefault(); pending.click(); }
  if (event.key === "Escape") {
    delete form.dataset.pending;
    pending?.classList.remove("pending");
    event.target.value = "";
    event.target.blur();
    const row = form.closest("[data-row]");
    if (row) { event.target.closest("details")?.removeAttribute("open"); attend(row); }
  }
}

// The offer to undo lies over the page; whoever does not need it puts it away.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) document.getElementById("toast").replaceChildren();
});

// A row that is gone, or a list that came anew, must not lose the reader's place.
let kept = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const row = document.activeElement?.closest("[data-row]");
  kept = row && (event.detail.target.contains(row) || row.contains(event.detail.target)) ? { id: row.id, at: rows().indexOf(row) } : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (!kept) return;
  const all = rows();
  const next = document.getElementById(kept.id) ?? all[Math.min(kept.at, all.length - 1)];
  kept = null;
  if (next && !next.contains(document.activeElement)) attend(next);
});

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id === "toast") announce(document.getElementById("toast").textContent);
});

// A refusal is read first, whatever was pressed. Only where it came: what else on the page is renewed takes no focus.
document.addEventListener("htmx:afterSwap", (event) => {
  const renewed = event.detail.target;
  const place = renewed.id === "decision" ? document.getElementById("decision") : renewed;
  place?.querySelector("[data-focus]")?.focus();
  if (renewed.id === "decision" && place?.querySelector(".since")) shown = Date.now();
});
