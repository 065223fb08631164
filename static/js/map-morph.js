// Cells walk from where they stood to where they stand, so that the eye keeps its cell; who is new or gone fades.
// The figure is drawn first and its marks are only shown on their way there: it ends where the figure says.
const TIME = { duration: 500, easing: "cubic-bezier(.3,0,.2,1)" };
const MOVING = new Set(["cell", "label", "badge", "badge-text"]);
const KEYED = new Set([...MOVING, "group", "group-text"]);

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// A point of a trace in pixels of the plot.
function pixel({ width, height, ...axes }, trace, index) {
  const x = axes[(trace.xaxis ?? "x").replace("x", "xaxis")].range;
  const { range: y, domain = [0, 1] } = axes[(trace.yaxis ?? "y").replace("y", "yaxis")];
  const down = 1 - domain[1] + ((trace.y[index] - y[1]) / (y[0] - y[1])) * (domain[1] - domain[0]);
  return [((trace.x[index] - x[0]) / (x[1] - x[0])) * width, down * height];
}

const marks = (plot, { uid, mode }) => [...plot.querySelectorAll(`.trace${uid} ${mode === "text" ? ".textpoint" : ".point"}`)];

// Where every cell stands now, and what it looks like, should it leave; and what else is drawn.
export function stands(plot) {
  const found = new Map();
  for (const trace of plot.data ?? []) {
    if (trace.meta?.role !== "cell") continue;
    const drawn = marks(plot, trace);
    trace.customdata.forEach(([key], index) => found.set(key, { at: pixel(plot.layout, trace, index), look: drawn[index] && copy(drawn[index]) }));
  }
  return { cells: found, drawn: new Set([...rest(plot)].map(([, said]) => said)) };
}

// Every other trace, shape and note with what it shows.
function* rest({ data = [], layout }) {
  for (const { uid, meta, x, y } of data) if (uid && !KEYED.has(meta?.role)) yield [`.trace${uid}`, JSON.stringify([uid, x, y])];
  for (const [index, { path }] of (layout?.shapes ?? []).entries()) yield [`.shapelayer [data-index="${index}"]`, path];
  for (const [index, { text, x, y }] of (layout?.annotations ?? []).entries()) yield [`.annotation[data-index="${index}"]`, JSON.stringify([text, x, y])];
}

function copy(mark) {
  const { fill, stroke, strokeWidth } = getComputedStyle(mark);
  const twin = document.createElementNS("http://www.w3.org/2000/svg", "path");
  twin.setAttribute("d", mark.getAttribute("d"));
  Object.assign(twin.style, { fill, stroke, strokeWidth });
  return twin;
}

// What stays as it was stays on the screen: only what is new comes in.
export function morph(plot, { cells: before, drawn }) {
  if (still()) return;
  const now = new Map();
  for (const trace of plot.data.filter(({ meta }) => meta.role === "cell")) {
    trace.customdata.forEach(([key], index) => now.set(key, pixel(plot.layout, trace, index)));
  }
  for (const trace of plot.data) if (KEYED.has(trace.meta.role)) walk(plot, trace, before, now);
  for (const [place, said] of rest(plot)) if (!drawn.has(said)) fade(plot.querySelectorAll(place));
  leave(plot, [...before].filter(([key]) => !now.has(key)).map(([, mark]) => mark));
}

function walk(plot, trace, before, now) {
  marks(plot, trace).forEach((mark, index) => {
    const key = trace.customdata[index]?.[0];
    const from = MOVING.has(trace.meta.role) && before.get(key)?.at;
    if (!from || !now.has(key)) return fade([mark]);
    const [x, y] = now.get(key);
    if (Math.hypot(from[0] - x, from[1] - y) < 0.5) return;
    mark.animate([{ transform: `translate(${from[0] - x}px, ${from[1] - y}px)` }, { transform: "translate(0, 0)" }], { ...TIME, composite: "add" });
  });
}

const fade = (elements) => elements.forEach((one) => one.animate([{ opacity: 0 }, { opacity: 0, offset: 0.4 }, {}], TIME));

function leave(plot, gone) {
  const sheet = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sheet.setAttribute("class", "map-leaving");
  for (const { at, look } of gone) {
    if (!look) continue;
    look.setAttribute("transform", `translate(${at[0]},${at[1]})`);
    sheet.append(look);
  }
  if (!sheet.childElementCount) return;
  plot.append(sheet);
  sheet.animate([{ opacity: 1 }, { opacity: 0 }], TIME).finished.finally(() => sheet.remove());
}
