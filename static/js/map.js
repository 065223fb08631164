// The map: plotly takes over the first picture where it stands, and follows the view, the theme, the width, the filter,
// the opened cell, the moment and what the repository does. Nothing here invents data: the server sends the figure.
import { watchExport } from "./map-export.js";
import { watchFilter } from "./map-filter.js";
import { watchPanel } from "./map-panel.js";
import { dressed, focused } from "./map-dress.js";
import { morph, stands } from "./map-morph.js";
import { boxAround, boxSeen, watchViews } from "./map-space.js";
import { figure, onTheme, palette, plotly } from "./plot.js";

const NARROW_BELOW = 800; // px of canvas; the stylesheet has the same number
const NARROW_MOST = 520;
const fingers = matchMedia("(hover: none)");
const canvas = document.getElementById("map-canvas");
const plot = document.getElementById("map-plot");
const zoom = document.querySelector(".map-zoom");
const shown = { opened: "", kept: null, hidden: new Set(), ranges: null, at: document.getElementById("map-at")?.value ?? "" };
const inSpace = () => drawn.layout.meta.view === "space";
let drawn = null;
let narrow = null;
let waiting = 0;
let asked = 0;

const address = (isNarrow) => {
  const url = new URL(canvas.dataset.figure, location.href);
  const { view, box } = views.current();
  for (const [name, value] of Object.entries({ view, narrow: Number(isNarrow), box: view === "space" ? box : "", at: shown.at })) {
    if (value !== "") url.searchParams.set(name, value);
  }
  return url;
};

async function load() {
  const turn = ++asked;
  const now = canvas.clientWidth < NARROW_BELOW;
  const next = await figure(address(now));
  if (turn !== asked) return;
  const before = drawn;
  if (now !== narrow || before?.layout.meta.view !== next.layout.meta.view) shown.ranges = null;
  const moves = before && now === narrow;
  narrow = now;
  if (next.layout.meta.whole) views.whole();
  if (JSON.stringify(next) === JSON.stringify(before)) return repaint();
  drawn = next;
  zoom.hidden = next.layout.meta.view === "pending" || (narrow && !inSpace());
  document.getElementById("map-caption").textContent = next.layout.meta.showing;
  await paint(moves);
}

async function paint(moves = false) {
  const Plotly = await plotly();
  if (!drawn || !canvas.clientWidth) return;
  const room = canvas.getBoundingClientRect().width;
  const width = narrow ? Math.min(room, NARROW_MOST) : room;
  const { data, layout } = dressed(drawn, { ...shown, narrow, width, theme: palette() });
  const before = moves ? stands(plot) : null;
  await Plotly.react(plot, data, layout, { displayModeBar: false, scrollZoom: false, doubleClick: false });
  canvas.style.height = `${layout.height}px`;
  if (before) morph(plot, before);
  if (canvas.classList.contains("drawn")) return;
  canvas.classList.add("drawn");
  plot.on("plotly_click", ({ points: [point] }) => choose(point));
  plot.on("plotly_hover", ({ points: [point] }) => over(point.customdata[0]));
  plot.on("plotly_unhover", () => over(""));
  plot.on("plotly_doubleclick", () => zoomBy(0));
  plot.on("plotly_relayout", ({ "xaxis.range[0]": left }) => { if (left !== undefined) moved(); });
}

// Many causes in one frame are one repaint.
function repaint() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => paint());
}

// What belongs to the cell under the pointer stands out, until it moves on.
function over(key) {
  canvas.classList.toggle("over", Boolean(key));
  const { update, traces } = focused(plot.data, drawn, key || shown.opened, { ...shown, theme: palette() });
  if (!traces.includes(-1)) window.Plotly.restyle(plot, update, traces);
}

function choose({ data, customdata }) {
  const { role } = data.meta;
  if (fingers.matches) window.Plotly.Fx.hover(plot, []); // no pointer moves on and takes the label away
  if (role === "fold" || role === "ghost-spot") location.assign(customdata[1]);
  else if (role === "group") closer(customdata[1]);
  else if (role === "cell" || role === "goal") panel.open(customdata[0], customdata[2]);
}

// Where a person zoomed or dragged to; it outlives every repaint. In EG-Space the server draws the closer look, so that
// names find room and groups unfold; in the lanes it is plotly's own.
const ranges = () => ({ x: [...plot.layout.xaxis.range], y: [...plot.layout.yaxis.range] });

function moved() {
  if (inSpace()) closer(boxSeen(drawn.layout, ranges()));
  else shown.ranges = ranges();
}

function closer(box) {
  if (box === views.current().box && box) document.getElementById("swarm").scrollIntoView();
  views.closer(box);
  load().catch(failed);
}

function zoomBy(factor) {
  if (inSpace()) return closer(factor ? boxAround(drawn, factor) : "");
  const around = ([from, to]) => [(from + to) / 2 - ((to - from) / 2) * factor, (from + to) / 2 + ((to - from) / 2) * factor];
  const { x, y } = ranges();
  shown.ranges = factor ? { x: around(x), y: around(y) } : null;
  repaint();
}

const panel = watchPanel((key) => { shown.opened = key; repaint(); });
const filter = watchFilter((kept) => { shown.kept = kept; repaint(); });
const views = watchViews(() => canvas.classList.contains("drawn"), () => load().catch(failed));
watchExport(plot, { address: () => address(narrow), theme: palette, source: () => canvas.dataset.source });

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

// A past moment stays as it was, whatever happens now.
document.body.addEventListener("vpm:changed", () => { if (!shown.at) load().catch(failed); });
document.body.addEventListener("vpm:moment", ({ detail }) => { shown.at = detail.at ?? ""; load().catch(failed); });
document.addEventListener("htmx:afterSettle", () => { hideInPicture(); filter.apply(); panel.mark(); });
onTheme(repaint);
new ResizeObserver(() => {
  if (narrow !== null && canvas.clientWidth < NARROW_BELOW !== narrow) load().catch(failed);
  else repaint();
}).observe(canvas);

// Without plotly the first picture stays, and works.
const failed = (error) => console.warn("The interactive map was not drawn.", error);
load().catch(failed);
