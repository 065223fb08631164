// The marks that only EG-Space has: goals, δ, trails, ghosts, groups. Quiet, until a cell is looked at.
const clear = "rgba(0,0,0,0)";
const kept = (key, paint) => !paint.kept || paint.kept.has(key);

// The lines of some cells: their last points and the gap after each line.
export function linesOf(trace, wanted, last = Infinity) {
  const [x, y] = [[], []];
  trace.meta.keys.forEach((key, index) => {
    if (!wanted(key)) return;
    const [start, to] = [trace.meta.starts[index], trace.meta.starts[index + 1] ?? trace.x.length];
    const from = Math.max(start, to - 1 - last);
    x.push(...trace.x.slice(from, to));
    y.push(...trace.y.slice(from, to));
  });
  return { x, y };
}

const lines = (width, opacity, role, dash = "solid") => (trace, paint) => ({
  ...trace, ...linesOf(trace, (key) => kept(key, paint), trace.meta.role === "trail" ? paint.recent : Infinity), opacity,
  line: { width: width * paint.scale, color: paint.colour(role), dash },
});

export const SPACE_ROLES = {
  hull: (trace, paint) => ({ ...trace, opacity: 0.5, line: { width: 1, color: paint.colour("line") } }),
  trail: lines(0.9, 0.32, "quiet"),
  // The way before a cell was described is shown only to who looks at the cell.
  early: (trace) => ({ ...trace, visible: false }),
  delta: lines(1, 0.3, "quiet"),
  ghost: lines(1.2, 0.6, "accent", "3px,3px"),
  goal: (trace, paint) => ({
    ...trace,
    marker: {
      ...trace.marker, size: trace.marker.size * paint.scale, color: clear,
      opacity: trace.customdata.map(([key]) => (kept(key, paint) ? 0.55 : 0.1)),
      line: { width: trace.marker.line.width * paint.scale, color: trace.customdata.map((row) => paint.colour(row[4])) },
    },
  }),
  "ghost-spot": (trace, paint) => ({ ...trace, marker: { ...trace.marker, size: trace.marker.size * paint.scale } }),
  group: (trace, paint) => ({
    ...trace,
    marker: {
      ...trace.marker, size: trace.marker.size.map((size) => size * paint.scale), color: paint.colour("sunken"),
      line: { width: trace.marker.line.width * paint.scale, color: trace.customdata.map((row) => paint.colour(row[3])) },
    },
  }),
};

const LOOKED_AT = {
  "focus-early": { of: "early", width: 1.2, dash: "1px,4px", opacity: 0.7 },
  "focus-trail": { of: "trail", width: 1.2, opacity: 0.7 },
  "focus-delta": { of: "delta", width: 2.4 },
  "focus-ghost": { of: "ghost", width: 1.6, dash: "4px,3px", colour: "accent" },
};

// What belongs to one cell, drawn over the quiet marks: its way, its δ, its goal, what waits for it.
export function focusOf(figure, key, paint) {
  if (figure.layout.meta.view !== "space") return [];
  const colour = stateColour(figure, key, paint);
  const traces = [hullOf(figure, key, paint), ...Object.entries(LOOKED_AT).map(([role, look]) => ({
    type: "scatter", mode: "lines", uid: role, meta: { role }, hoverinfo: "skip", opacity: look.opacity ?? 1,
    ...linesOf(figure.data.find((trace) => trace.meta.role === look.of), (one) => one === key),
    line: { width: look.width * paint.scale, color: look.colour ? paint.colour(look.colour) : colour, dash: look.dash ?? "solid" },
  }))];
  const goals = figure.data.filter((trace) => trace.meta.role === "goal").flatMap(({ customdata, x, y }) => customdata.map(([one], index) => ({ one, x: x[index], y: y[index] })));
  const mine = goals.filter(({ one }) => one === key);
  traces.push({
    type: "scatter", mode: "markers", uid: "focus-goal", meta: { role: "focus-goal" }, hoverinfo: "skip", x: mine.map(({ x }) => x), y: mine.map(({ y }) => y),
    marker: { symbol: "circle", size: 13 * paint.scale, color: clear, line: { width: 2.6 * paint.scale, color: colour } },
  });
  return traces;
}

// The outline of its lane.
function hullOf(figure, key, paint) {
  const hulls = figure.data.find((trace) => trace.meta.role === "hull");
  const lane = hulls.meta.members[key];
  return {
    type: "scatter", mode: "lines", uid: "focus-hull", meta: { role: "focus-hull" }, hoverinfo: "skip", ...linesOf(hulls, (one) => one === lane),
    fill: "toself", fillcolor: faded(paint.colour("quiet"), 0.07), line: { width: 1.2, color: faded(paint.colour("quiet"), 0.5) },
  };
}

function stateColour(figure, key, paint) {
  const mine = figure.data.find((trace) => trace.meta.role === "cell" && trace.customdata.some((row) => row[0] === key));
  return paint.colour(mine?.meta.state ?? "quiet");
}

// A colour of the stylesheet, let through.
function faded(hex, alpha) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  return `rgba(${red},${green},${blue},${alpha})`;
}
