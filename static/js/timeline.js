// Draws every <div class="timeline" data-src="…"> of the page, also those that htmx brings later. Those with the same
// data-axis show the same stretch of time, also while somebody zooms one of them.
import { figure, hoverLabel, onTheme, palette, plotly } from "./plot.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zooms = new Map(); // axis to the range a person zoomed to; it outlives a swap of the page
const begun = new WeakSet();
const figures = new WeakMap();
const COLOURS = {
  evidence: "accent", flagged: "moving-away", proposals: "shelved", decisions: "ink", landings: "on-track", counted: "no-evidence",
  delta: "accent", early: "quiet", tasks: "quiet", closer: "on-track", farther: "moving-away", moved: "no-evidence", landed: "ink",
};
const AIR = 0.02; // of the time shown, before the first mark and after the last
const axisOf = (place) => place.dataset.axis ?? place.dataset.src;
const together = (place) => [...document.querySelectorAll(".timeline[data-src]")].filter((one) => figures.has(one) && axisOf(one) === axisOf(place));

// What a person zoomed to, else from the first to the last moment of all that share the axis. Times are ISO: text sorts.
function rangeOf(place) {
  const zoomed = zooms.get(axisOf(place));
  if (zoomed) return zoomed;
  const times = together(place).flatMap((one) => figures.get(one).data.flatMap((trace) => trace.x)).sort();
  if (!times.length) return null;
  const [first, last] = [times[0], times.at(-1)].map((time) => Date.parse(`${time}Z`));
  const air = Math.max((last - first) * AIR, 3_600_000);
  return [first - air, last + air].map((time) => new Date(time).toISOString().slice(0, 19));
}

async function draw(place) {
  const source = place.dataset.src;
  const url = new URL(source, location.href);
  url.searchParams.set("tz", zone);
  try {
    const [drawn, Plotly] = [await figure(url), await plotly()];
    if (!place.isConnected) return;
    figures.set(place, drawn);
    await Promise.all(together(place).map((one) => paint(one, Plotly)));
    place.on("plotly_click", ({ points: [point] }) => { if (point.customdata[0]) location.assign(point.customdata[0]); });
    place.on("plotly_hover", ({ points: [point] }) => place.classList.toggle("over", Boolean(point.customdata[0])));
    place.on("plotly_unhover", () => place.classList.remove("over"));
    place.on("plotly_relayout", (change) => { if (change["xaxis.range[0]"]) zoom(place, Plotly, [...place.layout.xaxis.range]); });
    place.on("plotly_doubleclick", () => zoom(place, Plotly, null));
  } catch (error) {
    console.warn("The timeline was not drawn.", error);
  }
}

function zoom(place, Plotly, range) {
  zooms.set(axisOf(place), range);
  for (const one of together(place)) paint(one, Plotly);
}

function paint(place, Plotly) {
  const { data, layout } = figures.get(place);
  const theme = palette();
  const { colour, font } = theme;
  const axis = { color: colour("quiet"), gridcolor: colour("line"), linecolor: colour("line"), tickfont: { size: 12 } };
  const range = rangeOf(place);
  place.style.height = `${layout.meta.height}px`;
  return Plotly.react(place, data.map((trace) => ({
    ...trace, marker: { ...trace.marker, color: colour(COLOURS[trace.meta.role]), line: { width: 1, color: colour("raised") } },
    ...(trace.line ? { line: { ...trace.line, color: colour(COLOURS[trace.meta.role]) } } : {}),
  })), {
    ...layout, height: layout.meta.height, autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    dragmode: place.clientWidth < 600 ? false : layout.dragmode, // a finger scrolls the page
    font: { family: font, color: colour("ink"), size: 12 }, hoverlabel: hoverLabel(theme),
    xaxis: { ...axis, ...layout.xaxis, ...(range ? { range: [...range], autorange: false } : {}) },
    yaxis: { ...axis, ...layout.yaxis, tickfont: { size: 12, color: colour("ink") } },
    ...(layout.yaxis2 ? { yaxis2: { ...axis, ...layout.yaxis2 } } : {}),
    annotations: [{
      text: layout.meta.showing, xref: "paper", yref: "paper", x: 1, y: 0, xanchor: "right", yanchor: "top", yshift: -22,
      showarrow: false, font: { size: 11, color: colour("quiet") },
    }],
  }, { responsive: true, displayModeBar: false, doubleClick: false });
}

function drawAll(root) {
  for (const place of root.querySelectorAll(".timeline[data-src]")) {
    if (begun.has(place)) continue;
    begun.add(place);
    draw(place);
  }
}

drawAll(document);
document.addEventListener("htmx:afterSettle", () => drawAll(document));
onTheme(async () => {
  const Plotly = await plotly();
  for (const place of document.querySelectorAll(".timeline")) if (figures.has(place)) paint(place, Plotly);
});
