// The filter hides rows of the list and dims the rest of the map; the URL keeps it. The server knows the same rule
// (egspace.drawing.board.Filter) for pages without JavaScript and for swarms that do not fit on one page.
export function watchFilter(changed) {
  const form = document.getElementById("map-filters");
  const fields = ["q", "lane", "state"].map((name) => form.elements[name]);
  let before = "";

  const inWords = (number) => number.toLocaleString(document.documentElement.lang);
  const wanted = () => Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));

  function keeps(row, { q, lane, state }) {
    const text = row.textContent.toLowerCase();
    return q.toLowerCase().split(/\s+/).every((word) => text.includes(word))
      && (!lane || row.dataset.lane === lane)
      && (!state || row.dataset.state === state || (state === "waiting" && Number(row.dataset.waiting) > 0));
  }

  function apply() {
    const filter = wanted();
    const active = Object.values(filter).some(Boolean);
    const kept = new Set();
    for (const row of document.querySelectorAll("#swarm [data-row]")) {
      row.hidden = !keeps(row, filter);
      if (!row.hidden) kept.add(row.dataset.cell);
    }
    for (const lane of document.querySelectorAll("#swarm .map-lane")) lane.hidden = !lane.querySelector("[data-row]:not([hidden])");
    for (const node of document.querySelectorAll("#map-pictures .node")) node.classList.toggle("dim", active && !kept.has(node.dataset.cell));
    count(kept.size);
    const now = active ? [...kept].join("\n") : null;
    if (now === before) return;
    before = now;
    changed(active ? kept : null);
  }

  function count(number) {
    const said = document.getElementById("swarm-count");
    said.textContent = said.dataset.template.replace("%N", inWords(number)).replace("%M", inWords(Number(said.dataset.total)));
    document.getElementById("swarm-none").hidden = number > 0;
  }

  function remember() {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(wanted())) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    history.replaceState(history.state, "", url);
  }

  form.addEventListener("input", () => { remember(); apply(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-filter-state]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const state = form.elements.state;
    state.value = state.value === link.dataset.filterState ? "" : link.dataset.filterState;
    remember();
    apply();
  });
  before = null;
  apply();
  return { apply };
}
