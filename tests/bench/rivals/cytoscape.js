import { complete, map, swarm } from "./swarm.js";

const { cells, pairs } = await swarm();
const colour = "data(colour)";
const cy = window.cytoscape({
  container: map,
  autoungrabify: true,
  elements: {
    nodes: cells.map(({ x, y, ...data }) => ({ data, position: { x, y } })),
    edges: pairs.map(([source, target]) => ({ data: { source, target } })),
  },
  layout: { name: "preset", fit: true },
  style: [
    { selector: "node", style: { width: "data(size)", height: "data(size)", "background-color": colour, label: "data(id)", "font-size": 12, "text-valign": "bottom" } },
    { selector: "edge", style: { width: 1.2, "line-color": "#8a8f98", "curve-style": "bezier", "target-arrow-shape": "triangle", "target-arrow-color": "#8a8f98" } },
  ],
});
cy.one("render", complete);
window.cells = cy.nodes().length;
