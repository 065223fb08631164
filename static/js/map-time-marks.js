// The marks under the time slider: where proposals were made and where some landed. Units are stops; strokes do not scale.
const NAMESPACE = "http://www.w3.org/2000/svg";
const MOST = 600; // more would be a grey band: neighbours share a mark

export function marksOf(place, stops) {
  const last = Math.max(1, stops.length - 1);
  const grain = last / Math.min(last, MOST);
  place.setAttribute("viewBox", `0 0 ${last} 10`);
  place.replaceChildren(...["proposed", "landed"].map((kind) => {
    const path = document.createElementNS(NAMESPACE, "path");
    const at = new Set(stops.flatMap((stop, index) => (stop[kind] ? [Math.round(Math.round(index / grain) * grain * 100) / 100] : [])));
    path.setAttribute("class", kind);
    path.setAttribute("d", [...at].map((x) => `M${x},${kind === "landed" ? "0V10" : "4V10"}`).join(""));
    path.setAttribute("vector-effect", "non-scaling-stroke");
    return path;
  }));
}
