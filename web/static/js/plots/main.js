// Draw every plot of a page from its table, again when the table or the theme changes.

import { layout } from "./looks.js";
import { plotly } from "./plotly.js";
import { read, series } from "./read.js";
import { saveTables } from "./save.js";
import { traces } from "./traces.js";

const drawn = new WeakMap();
const HOW = { displayModeBar: false, responsive: true, scrollZoom: false };

/** Draw the plots that have changed; all of them `again` in another theme. */
export async function drawPlots({ again = false } = {}) {
  const url = document.getElementById("main").dataset.plotly;
  await Promise.all([...document.querySelectorAll("[data-plot]")].map((place) => draw(place, url, again)));
}

async function draw(place, url, again) {
  const points = read(place.closest("figure"));
  const now = JSON.stringify(points);
  if (!points.length || (now === drawn.get(place) && place.firstChild && !again)) return;
  drawn.set(place, now);
  const { plot: style, xTitle = "", yTitle = "", xType = "linear", yRange, threshold } = place.dataset;
  const groups = series(points);
  try {
    const Plotly = await plotly(url);
    const look = layout({
      xTitle,
      yTitle,
      xType,
      yRange: yRange ? yRange.split(" ").map(Number) : null,
      legend: groups.length > 1,
      threshold: threshold ? Number(threshold) : null,
    });
    await Plotly.react(place, traces(style, groups), look, HOW);
  } catch (error) {
    drawn.delete(place);
    place.textContent = `The plot cannot be shown (${error.message}); the table below has the numbers.`;
  }
}

/** Draw now and with every change of theme, and let tables be saved. */
export function keepPlots() {
  drawPlots();
  saveTables(document.getElementById("main"));
  document.addEventListener("theme", () => drawPlots({ again: true }));
}

// a page of plots that nothing else changes names this module as its own
if (document.getElementById("main").dataset.plots === "alone") keepPlots();
