// A figure with the theme's colours, at the width of the page: roles become colours, design pixels become pixels.
import { hoverLabel } from "./plot.js";

const FAINT = 0.22;
const clear = "rgba(0,0,0,0)";

export function dressed(figure, look) {
  const scale = look.width / figure.layout.meta.width;
  const paint = { ...look, scale, colour: look.theme.colour, font: look.theme.font };
  const data = figure.data.map((trace) => ROLES[trace.meta.role](trace, paint));
  const lines = data.filter((trace) => trace.meta.role === "relation").length;
  data.splice(lines, 0, near(figure, paint), ring(figure, paint));
  return { data, layout: frame(figure.layout, paint) };
}

const kept = (key, { kept }) => !kept || kept.has(key);

const ROLES = {
  relation: (trace, paint) => ({
    ...trace,
    visible: !paint.hidden.has(trace.meta.type),
    opacity: paint.opened || paint.kept ? 0.16 : 0.34,
    line: { ...trace.line, width: trace.line.width * paint.scale, color: lineColour(trace, paint) },
  }),
  cell: (trace, paint) => {
    const state = paint.colour(trace.meta.state);
    return {
      ...trace,
      marker: {
        ...trace.marker,
        size: trace.marker.size.map((size) => size * paint.scale),
        opacity: trace.customdata.map(([key]) => (kept(key, paint) ? 1 : FAINT)),
        color: trace.meta.hollow ? paint.colour("raised") : state,
        line: { width: trace.marker.line.width * paint.scale, color: state },
      },
    };
  },
  label: (trace, paint) => words(trace, paint, "ink"),
  "badge-text": (trace, paint) => words(trace, paint, "accent-ink"),
  fold: (trace, paint) => words(trace, paint, "accent"),
  badge: (trace, paint) => ({
    ...trace,
    marker: {
      ...trace.marker, size: trace.marker.size * paint.scale, color: trace.customdata.map(([, tone]) => paint.colour(TONES[tone] ?? "accent")),
      opacity: trace.customdata.map(([key]) => (kept(key, paint) ? 1 : FAINT)),
      line: { width: trace.marker.line.width * paint.scale, color: paint.colour("raised") },
    },
  }),
};

// What the contract says of what waits; "review" is the accent.
const TONES = { auto: "on-track", archive: "quiet" };

const lineColour = (trace, { colour }) => colour(trace.meta.type === "blocks" ? "conflict" : "quiet");

function words(trace, paint, role) {
  const [full, faint] = [paint.colour(role), paint.colour("line")];
  const isCell = trace.meta.role !== "fold";
  return {
    ...trace,
    textfont: {
      family: paint.font, size: trace.textfont.size * paint.scale,
      color: trace.customdata.map(([key]) => (!isCell || kept(key, paint) ? full : faint)),
    },
  };
}

// The points of all relations from and to a cell.
export function runsOf(figure, key, hidden) {
  const [x, y] = [[], []];
  for (const trace of figure.data.filter((one) => one.meta.role === "relation" && !hidden.has(one.meta.type))) {
    trace.meta.pairs.forEach((ends, index) => {
      if (!ends.includes(key)) return;
      const [from, to] = [index * trace.meta.run, (index + 1) * trace.meta.run];
      x.push(...trace.x.slice(from, to));
      y.push(...trace.y.slice(from, to));
    });
  }
  return { x, y };
}

// The relations of the opened cell, drawn over the others.
function near(figure, paint) {
  return {
    type: "scatter", mode: "lines", ...runsOf(figure, paint.opened, paint.hidden), hoverinfo: "skip", meta: { role: "near" },
    line: { width: 1.8 * paint.scale, color: paint.colour("accent") },
  };
}

function ring(figure, paint) {
  const [x, y, size] = [[], [], []];
  for (const trace of figure.data.filter((one) => one.meta.role === "cell")) {
    const index = trace.customdata.findIndex(([key]) => key === paint.opened);
    if (index < 0) continue;
    x.push(trace.x[index]);
    y.push(trace.y[index]);
    size.push((trace.marker.size[index] + 14) * paint.scale);
  }
  return {
    type: "scatter", mode: "markers", x, y, hoverinfo: "skip", meta: { role: "ring" },
    marker: { symbol: "circle", size, color: clear, line: { width: 2 * paint.scale, color: paint.colour("accent") } },
  };
}

function frame(layout, paint) {
  const { scale, colour, narrow, width, font, view } = paint;
  const lane = { fillcolor: colour("raised"), line: { width: 1, color: colour("line") } };
  return {
    ...layout,
    width, height: layout.meta.height * scale, autosize: false, paper_bgcolor: clear, plot_bgcolor: clear,
    font: { family: font, color: colour("ink") }, hoverlabel: hoverLabel(paint.theme), hoverdistance: layout.hoverdistance * scale,
    dragmode: narrow ? false : layout.dragmode,
    xaxis: { ...layout.xaxis, range: [...(view?.x ?? layout.xaxis.range)], fixedrange: narrow },
    yaxis: { ...layout.yaxis, range: [...(view?.y ?? layout.yaxis.range)], fixedrange: narrow },
    shapes: layout.shapes.map((shape) => ({ ...shape, ...lane })),
    annotations: layout.annotations.map((note) => ({
      ...note, font: { ...note.font, family: font, size: note.font.size * scale, color: colour("quiet") },
    })),
  };
}
