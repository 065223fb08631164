// Any view as a picture or as data: PNG and SVG are made here from what is shown, JSON is the figure as it came.
const FOOT = 46; // px below the map for the line that says what this is a picture of

export function watchExport(plot, { address, theme, source }) {
  const menu = document.querySelector(".map-export");
  const json = menu.querySelector('[data-export="json"]');
  const name = (kind) => ["vpm", source().split(" ")[0], new URL(location.href).searchParams.get("view") ?? "lanes"].join("-") + (kind ? `.${kind}` : "");

  menu.addEventListener("toggle", () => {
    json.href = address();
    json.download = name("json");
  });
  menu.addEventListener("click", async (event) => {
    const format = event.target.closest("[data-export]")?.dataset.export;
    if (!format) return;
    menu.open = false;
    if (format === "json" || !plot.data) return;
    await window.Plotly.downloadImage(signed(plot, theme(), sourceOf(plot, source())), { format, filename: name(), scale: format === "png" ? 2 : 1, ...size(plot) });
  });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// Of a past moment, its commit stands in the place of today's.
const sourceOf = ({ layout: { meta: { at } } }, now) => (at ? [now.split(" · ")[0], at.commit.slice(0, 10), at.iso.slice(0, 10)].join(" · ") : now);
const size = ({ layout }) => ({ width: Math.round(layout.width), height: Math.round(layout.height + FOOT) });

// The figure on paper of the theme's colour, with the repository, its commit and how many cells are shown.
function signed({ data, layout }, { colour, font }, source) {
  const note = {
    xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top", yshift: -12, showarrow: false,
    text: [source, layout.meta.showing].filter(Boolean).map(plain).join(" · "), font: { family: font, size: 12, color: colour("quiet") },
  };
  return {
    data,
    layout: {
      ...layout, ...size({ layout }), margin: { ...layout.margin, b: FOOT }, paper_bgcolor: colour("paper"),
      annotations: [...layout.annotations, note],
    },
  };
}

const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
