// A figure with the theme's colours, at the width of the page: roles become colours, design pixels become pixels.
import { SPACE_ROLES, focusOf } from "./map-dress-space.js";
import { hoverLabel } from "./plot.js";

const FAINT = 0.22;
const clear = "rgba(0,0,0,0)";

export function dressed(figure, look) {
  const scale = look.width / figure.layout.meta.width;
  const paint = { ...look, scale, colour: look.theme.colour, font: look.theme.font, inSpace: figure.layout.meta.view === "space", recent: figure.layout.meta.recent };
  const data = figure.data.map((trace) => ROLES[trace.meta.role](trace, paint));
  const over = data.findIndex((trace) => OVER.has(trace.meta.role));
  data.splice(over < 0 ? data.length : over, 0, ...focus(figure, paint.opened, paint), ring(figure, paint), lit(figure, paint));
  return { data, layout: frame(figure.layout, paint) };
}

// What is drawn over the marks of the cell that is looked at.
const OVER = new Set(["goal", "ghost-spot", "group", "cell", "label"]);

const focus = (figure, key, paint) => [near(figure, key, paint), ...focusOf(figure, key, paint)];

// The same for another cell, as an update of the traces that are drawn.
export function focused(drawn, figure, key, look) {
  const traces = focus(figure, key, { ...look, scale: 1, colour: look.theme.colour, inSpace: figure.layout.meta.view === "space" });
  const update = { x: traces.map(({ x }) => x), y: traces.map(({ y }) => y) };
  update["line.color"] = traces.map(({ line }) => line?.color ?? null);
  update["marker.line.color"] = traces.map(({ marker }) => marker?.line.color ?? null);
  return { update, traces: traces.map(({ meta }) => drawn.findIndex((one) => one.meta.role === meta.role)) };
}

const kept = (key, { kept }) => !kept || kept.has(key);

const ROLES = {
  ...SPACE_ROLES,
  // In EG-Space only the relations of the cell that is looked at are shown: see near.
  relation: (trace, paint) => ({
    ...trace,
    visible: !paint.inSpace && !paint.hidden.has(trace.meta.type),
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
  "group-text": (trace, paint) => words(trace, paint, "ink", true),
  "badge-text": (trace, paint) => words(trace, paint, "accent-ink"),
  fold: (trace, paint) => words(trace, paint, "accent", true),
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

function words(trace, paint, role, always = false) {
  const [full, faint] = [paint.colour(role), paint.colour("line")];
  return {
    ...trace,
    textfont: {
      family: paint.font, size: trace.textfont.size * paint.scale,
      color: trace.customdata.map(([key]) => (always || kept(key, paint) ? full : faint)),
    },
  };
}

// The points of all relations from and to a cell.
function runsOf(figure, key, hidden) {
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

// The relations of one cell, drawn over the others.
function near(figure, key, paint) {
  return {
    type: "scatter", mode: "lines", uid: "near", ...runsOf(figure, key, paint.hidden), hoverinfo: "skip", meta: { role: "near" },
    opacity: paint.inSpace ? 0.45 : 1, line: { width: (paint.inSpace ? 1.2 : 1.8) * paint.scale, color: paint.colour("accent") },
  };
}

// The cell that is open.
const ring = (figure, paint) => around(figure, paint, "ring", new Map([[paint.opened, "accent"]]), 14);

// At a past moment: the cells of which something was proposed, or landed, with that commit.
function lit(figure, paint) {
  const { proposed = [], landed = [] } = figure.layout.meta.at ?? {};
  const colours = [...proposed.map((key) => [key, "accent"]), ...landed.map((key) => [key, "on-track"])];
  return around(figure, paint, "lit", new Map(colours), 20);
}

// Rings of these colours around these cells, `room` pixels wider than they are.
function around(figure, paint, role, keys, room) {
  const [x, y, size, color, below] = [[], [], [], [], {}];
  for (const trace of figure.data.filter((one) => one.meta.role === "cell")) {
    trace.customdata.forEach(([key], index) => {
      if (!keys.has(key)) return;
      x.push(trace.x[index]);
      y.push(trace.y[index]);
      color.push(paint.colour(keys.get(key)));
      Object.assign(below, trace.xaxis && { xaxis: trace.xaxis, yaxis: trace.yaxis });
      size.push((trace.marker.size[index] + room) * paint.scale);
    });
  }
  return {
    type: "scatter", mode: "markers", uid: role, ...below, x, y, hoverinfo: "skip", meta: { role },
    marker: { symbol: "circle", size, color: clear, line: { width: 2 * paint.scale, color } },
  };
}

function frame(layout, paint) {
  const { scale, colour, narrow, width, font, ranges } = paint;
  const axis = (one, seen) => ({ ...one, range: [...(seen ?? one.range)], fixedrange: narrow });
  return {
    ...layout,
    width, height: layout.meta.height * scale, autosize: false, paper_bgcolor: clear, plot_bgcolor: clear,
    font: { family: font, color: colour("ink") }, hoverlabel: hoverLabel(paint.theme), hoverdistance: layout.hoverdistance * scale,
    dragmode: narrow ? false : layout.dragmode,
    xaxis: axis(layout.xaxis, ranges?.x),
    yaxis: axis(layout.yaxis, ranges?.y),
    shapes: layout.shapes.map((shape) => ({ ...shape, ...OUTLINES[shape.name](paint) })),
    annotations: layout.annotations.map((note) => ({
      ...note, font: { ...note.font, family: font, size: note.font.size * scale, color: colour("quiet") },
    })),
  };
}

const sheet = ({ colour }) => ({ fillcolor: colour("raised"), line: { width: 1, color: colour("line") } });
const OUTLINES = { lane: sheet, sheet };
