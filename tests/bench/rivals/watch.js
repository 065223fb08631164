// Runs before any page: notes when the server's picture and the map were painted, and how long frames take.
window.seen = {};
const wanted = { picture: "#map-pictures .map-picture", map: ".drawn" };
const painted = (name) => requestAnimationFrame(() => requestAnimationFrame(() => {
  window.seen[name] = performance.now();
  document.documentElement.dataset.painted = name;
}));

const watcher = new MutationObserver(() => {
  for (const [name, selector] of Object.entries(wanted)) {
    if (!document.querySelector(selector)) continue;
    delete wanted[name];
    painted(name);
  }
  if (!wanted.map) watcher.disconnect();
});
watcher.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });

window.watchFrames = () => {
  window.frames = [];
  let last = null;
  requestAnimationFrame(function next(now) {
    if (last !== null) window.frames.push(now - last);
    last = now;
    requestAnimationFrame(next);
  });
};
