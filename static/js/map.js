// The map: plotly takes over the first picture where it stands, and follows the theme, the width, the filter,
// the opened cell and what the repository does. Nothing here invents data: the server sends the figure.
import { watchFilter } from "./map-filter.js";
import { watchPanel } from "./map-panel.js";
import { dressed, runsOf } from "./map-dress.js";
import { figure, onTheme, palette, plotly } from "./plot.js";

const NARROW_BELOW = 800; // px of canvas; the stylesheet has the same number
const NARROW_MOST = 520;
const canvas = document.getElementById("map-canvas");
const plot = document.getElementById("map-plot");
const zoom = document.querySelector(".map-zoom");
const shown = { opened: "", kept: null, hidden: new Set(), view: null };
let drawn = null;
let narrow = null;
let waiting = 0;

async function load() {
  const now = canvas.clientWidth < NARROW_BELOW;
  const next = await figure(`${canvas.dataset.figure}&narrow=${Number(now)}`);
  if (now !== narrow) shown.view = null;
  narrow = now;
  if (JSON.stringify(next) === JSON.stringify(drawn)) return;
  drawn = next;
  zoom.hidden = narrow;
  document.getElementById("map-caption").textContent = drawn.layout.meta.showing;
  await paint();
}

async function paint() {
  const Plotly = await plotly();
  if (!drawn || !canvas.clientWidth) return;
  const room = canvas.getBoundingClientRect().width;
  const width = narrow ? Math.min(room, NARROW_MOST) : room;
  const { data, layout } = dressed(drawn, { ...shown, narrow, width, theme: palette() });
  await Plotly.react(plot, data, layout, { displayModeBar: false, scrollZoom: false, doubleClick: false });
  if (canvas.classList.contains("drawn")) return;
  canvas.classList.add("drawn");
  plot.on("plotly_click", ({ points: [point] }) => choose(point));
  plot.on("plotly_hover", ({ points: [point] }) => over(point.customdata[0]));
  plot.on("plotly_unhover", () => over(""));
  plot.on("plotly_doubleclick", () => zoomBy(0));
  plot.on("plotly_relayout", ({ "xaxis.range[0]": left }) => { if (left !== undefined) shown.view = view(); });
}

// Many causes in one frame are one repaint.
function repaint() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(paint);
}

// The relations of the cell under the pointer stand out, until it moves on.
function over(key) {
  canvas.classList.toggle("over", Boolean(key));
  const near = plot.data.findIndex((trace) => trace.meta.role === "near");
  const { x, y } = runsOf(drawn, key || shown.opened, shown.hidden);
  window.Plotly.restyle(plot, { x: [x], y: [y] }, [near]);
}

function choose({ data, customdata }) {
  if (data.meta.role === "fold") location.assign(customdata[1]);
  else if (data.meta.role === "cell") panel.open(customdata[0], customdata[2]);
}

// Where a person zoomed or dragged to; it outlives every repaint. Null: everything.
const view = () => ({ x: [...plot.layout.xaxis.range], y: [...plot.layout.yaxis.range] });

function zoomBy(factor) {
  const around = ([from, to]) => [(from + to) / 2 - ((to - from) / 2) * factor, (from + to) / 2 + ((to - from) / 2) * factor];
  const { x, y } = view();
  shown.view = factor ? { x: around(x), y: around(y) } : null;
  repaint();
}

const panel = watchPanel((key) => { shown.opened = key; repaint(); });
const filter = watchFilter((kept) => { shown.kept = kept; repaint(); });

document.addEventListener("click", (event) => {
  const relation = event.target.closest("[data-relation]");
  if (relation) {
    const off = relation.getAttribute("aria-pressed") === "true";
    relation.setAttribute("aria-pressed", String(!off));
    shown.hidden[off ? "add" : "delete"](relation.dataset.relation);
    hideInPicture();
    repaint();
  }
  const button = event.target.closest("[data-zoom]");
  if (button) zoomBy(Number(button.dataset.zoom));
});

function hideInPicture() {
  for (const path of document.querySelectorAll("#map-pictures .relation")) {
    path.classList.toggle("off", shown.hidden.has(path.dataset.type));
  }
}

document.body.addEventListener("vpm:changed", () => load().catch(failed));
document.addEventListener("htmx:afterSettle", () => { hideInPicture(); filter.apply(); panel.mark(); });
onTheme(repaint);
new ResizeObserver(() => {
  if (narrow !== null && canvas.clientWidth < NARROW_BELOW !== narrow) load().catch(failed);
  else repaint();
}).observe(canvas);

// Without plotly the first picture stays, and works.
const failed = (error) => console.warn("The interactive map was not drawn.", error);
load().catch(failed);
