// The two views of the map and the closer look at EG-Space; both are part of the URL.
export function watchViews(ready, changed) {
  const links = [...document.querySelectorAll("[data-view]")];
  const [field, boxField] = ["map-view", "map-box"].map((id) => document.getElementById(id));
  const state = { view: field.value, box: boxField.value };

  function show() {
    for (const link of links) {
      if (link.dataset.view === state.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.querySelector(".map-page").dataset.view = state.view;
    field.value = state.view;
    boxField.value = state.box;
  }

  function address() {
    const url = new URL(location.href);
    const wanted = { view: state.view === "space" ? "space" : "", box: state.view === "space" ? state.box : "" };
    for (const [name, value] of Object.entries(wanted)) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    return url;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view]");
    if (!link || !ready() || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.dataset.view === state.view) return;
    state.view = link.dataset.view;
    show();
    history.pushState({ view: state.view }, "", address());
    changed();
  });
  window.addEventListener("popstate", () => {
    const query = new URL(location.href).searchParams;
    const [view, box] = [query.get("view") === "space" ? "space" : "lanes", query.get("box") ?? ""];
    if (view === state.view && (view === "lanes" || box === state.box)) return;
    Object.assign(state, view === "space" ? { view, box } : { view });
    show();
    changed();
  });

  function closer(box) {
    state.box = box;
    show();
    history.replaceState(history.state, "", address());
  }

  return { current: () => state, closer, whole: () => { if (state.box) closer(""); } };
}

const written = (box) => box.map((side) => Number(side.toPrecision(4))).join(",");

// The box that is `factor` times as large: closer to where the cells are, farther from the same middle.
export function boxAround({ data, layout: { meta } }, factor) {
  const [x0, y0, x1, y1] = meta.box;
  const [x, y] = (factor < 1 && middle(data, meta)) || [(x0 + x1) / 2, (y0 + y1) / 2];
  const [across, up] = [((x1 - x0) / 2) * factor, ((y1 - y0) / 2) * factor];
  return written([x - across, y - up, x + across, y + up]);
}

function middle(data, { box, rim, scale }) {
  const marks = data.filter((trace) => ["cell", "group"].includes(trace.meta.role) && !trace.xaxis);
  const [x, y] = ["x", "y"].map((axis) => marks.flatMap((trace) => trace[axis]).sort((one, other) => one - other));
  const half = Math.floor(x.length / 2);
  return x.length ? [box[0] + (x[half] - rim) / scale, box[3] - (y[half] - rim) / scale] : null;
}

// What part of the map plotly shows after a drag, without the rim that every picture has.
export function boxSeen({ meta, xaxis, yaxis }, { x, y }) {
  const part = (x[1] - x[0]) / (xaxis.range[1] - xaxis.range[0]);
  const [left, top] = [x[0] - part * xaxis.range[0] + meta.rim * part, y[1] - part * yaxis.range[1] + meta.rim * part];
  const [width, height] = [meta.box[2] - meta.box[0], meta.box[3] - meta.box[1]];
  const [x0, y1] = [meta.box[0] + (left - meta.rim) / meta.scale, meta.box[3] - (top - meta.rim) / meta.scale];
  return written([x0, y1 - height * part, x0 + width * part, y1]);
}
