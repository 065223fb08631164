import { complete, map, swarm } from "./swarm.js";

const { cells, pairs } = await swarm();
const graph = new window.graphology.MultiDirectedGraph();
for (const { id, x, y, size, colour } of cells) graph.addNode(id, { label: id, x, y: -y, size: size / 2, color: colour });
for (const [source, target] of pairs) graph.addEdge(source, target, { size: 1.2, color: "#8a8f98" });
const drawing = new window.Sigma(graph, map);
drawing.once("afterRender", complete);
drawing.scheduleRender();
window.cells = graph.order;
