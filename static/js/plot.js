// What the map and the timelines share: when plotly is there, the theme's colours, and the hover label.
export function plotly() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  const script = document.querySelector('script[src*="plotly"]');
  return new Promise((resolve, reject) => {
    script?.addEventListener("load", () => resolve(window.Plotly));
    script?.addEventListener("error", reject);
  });
}

// Colours are the stylesheet's; a figure names roles only.
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return { colour, font: style.getPropertyValue("--sans").trim() };
}

export const hoverLabel = ({ colour, font }) => ({
  align: "left", bgcolor: colour("raised"), bordercolor: colour("line"),
  font: { family: font, size: 13, color: colour("ink") }, namelength: -1,
});

export async function figure(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

export function onTheme(redraw) {
  document.body.addEventListener("vpm:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
