// The form that rewrites documents: nothing typed is lost without a question, Escape leads back, the keys of pages stay quiet.
const form = document.querySelector("[data-edit]");
let leaving = false;

function changed(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
}

const unsaved = () => "unsaved" in form.dataset || [...form.elements].some(changed);

form.addEventListener("submit", () => { leaving = true; });

addEventListener("beforeunload", (event) => {
  if (leaving || !unsaved()) return;
  event.preventDefault();
  event.returnValue = true;
});

// The page may come back from the browser's memory after it was sent.
addEventListener("pageshow", () => { leaving = false; });

// The first Escape leaves the text, the second one the page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea")) event.target.blur();
  else document.querySelector("[data-back]").click();
});

// What came of it is read first: the refusal, else the preview.
document.querySelector("[data-focus]")?.focus();
