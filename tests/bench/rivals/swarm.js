// The same cells and relations as our map, from the same server: what /map.json draws, or with all=1 every cell.
const query = new URL(location.href).searchParams;
const STATES = { "on-track": "#2a7d4f", "moving-away": "#b7791f", conflict: "#b3261e", shelved: "#6b7280", "no-evidence": "#9ca3af", archived: "#c4c8cf" };

const json = async (url) => (await fetch(url, { headers: { Accept: "application/json" } })).json();

async function drawn(repo) {
  const { data } = await json(`/map.json?repo=${repo}&view=lanes&narrow=0`);
  const cells = data.filter(({ meta }) => meta.role === "cell").flatMap(({ x, y, marker, customdata, meta }) =>
    customdata.map(([id], index) => ({ id, x: x[index], y: y[index], size: marker.size[index], colour: STATES[meta.state] })));
  const pairs = data.filter(({ meta }) => meta.role === "relation").flatMap(({ meta }) => meta.pairs.map((ends) => [...ends, meta.type]));
  return { cells, pairs };
}

async function whole(repo) {
  const { nodes, edges } = await json(`/api/v1/swarm?repo=${repo}`);
  const across = Math.ceil(Math.sqrt(nodes.length));
  const cells = nodes.map(({ id, state }, index) => ({ id, x: (index % across) * 98, y: Math.floor(index / across) * 86, size: 16, colour: STATES[state] }));
  return { cells, pairs: edges.map(({ source, target, type }) => [source, target, type]) };
}

// {cells: [{id, x, y, size, colour}], pairs: [[source, target, type]]}, y grows downwards. A figure has each pair twice, as line and as head.
export async function swarm() {
  const { cells, pairs } = await (query.has("all") ? whole : drawn)(query.get("repo"));
  const once = new Map(pairs.map((pair) => [pair.join(" "), pair]));
  return { cells, pairs: [...once.values()] };
}

export const map = document.getElementById("map");
export const complete = () => map.classList.add("drawn");
