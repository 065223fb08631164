// Draws every <div class="timeline" data-src="…"> of the page, also those that htmx brings later.
import { figure, hoverLabel, onTheme, palette, plotly } from "./plot.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zooms = new Map(); // data-src to the range a person zoomed to; it outlives a swap of the page
const begun = new WeakSet();
const figures = new WeakMap();
const COLOURS = {
  evidence: "accent", flagged: "moving-away", proposals: "shelved", decisions: "ink", landings: "on-track", counted: "no-evidence",
};

async function draw(place) {
  const source = place.dataset.src;
  const url = new URL(source, location.href);
  url.searchParams.set("tz", zone);
  try {
    const [drawn, Plotly] = [await figure(url), await plotly()];
    if (!place.isConnected) return;
    figures.set(place, drawn);
    await paint(place, Plotly);
    place.on("plotly_click", ({ points: [point] }) => { if (point.customdata[0]) location.assign(point.customdata[0]); });
    place.on("plotly_hover", ({ points: [point] }) => place.classList.toggle("over", Boolean(point.customdata[0])));
    place.on("plotly_unhover", () => place.classList.remove("over"));
    place.on("plotly_relayout", () => zooms.set(source, place.layout.xaxis.autorange ? null : [...place.layout.xaxis.range]));
  } catch (error) {
    console.warn("The timeline was not drawn.", error);
  }
}

function paint(place, Plotly) {
  const { data, layout } = figures.get(place);
  const theme = palette();
  const { colour, font } = theme;
  const axis = { color: colour("quiet"), gridcolor: colour("line"), linecolor: colour("line"), tickfont: { size: 12 } };
  const range = zooms.get(place.dataset.src);
  place.style.height = `${layout.meta.height}px`;
  return Plotly.react(place, data.map((trace) => ({
    ...trace, marker: { ...trace.marker, color: colour(COLOURS[trace.meta.role]), line: { width: 1, color: colour("raised") } },
  })), {
    ...layout, height: layout.meta.height, autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    dragmode: place.clientWidth < 600 ? false : layout.dragmode, // a finger scrolls the page
    font: { family: font, color: colour("ink"), size: 12 }, hoverlabel: hoverLabel(theme),
    xaxis: { ...axis, ...layout.xaxis, ...(range ? { range: [...range], autorange: false } : {}) },
    yaxis: { ...axis, ...layout.yaxis, tickfont: { size: 12, color: colour("ink") } },
    annotations: [{
      text: layout.meta.showing, xref: "paper", yref: "paper", x: 1, y: 0, xanchor: "right", yanchor: "top", yshift: -22,
      showarrow: false, font: { size: 11, color: colour("quiet") },
    }],
  }, { responsive: true, displayModeBar: false, doubleClick: "reset" });
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
