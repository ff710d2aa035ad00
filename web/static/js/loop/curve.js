// Draw the learning curve from the table that stands below it.

import { plotly } from "./plotly.js";

let drawn = "";

/** Draw the curve when it has changed, or `again` in any case (another theme). */
export async function drawCurve(url, { again = false } = {}) {
  const place = document.getElementById("curve");
  if (!place) return;
  const points = read();
  const now = JSON.stringify(points);
  if (now === drawn && place.firstChild && !again) return;
  drawn = now;
  try {
    const Plotly = await plotly(url);
    await Plotly.react(place, traces(points), layout(), {
      displayModeBar: false,
      responsive: true,
      scrollZoom: false,
    });
  } catch (error) {
    drawn = "";
    place.textContent = `The plot cannot be shown (${error.message}); the table below has the numbers.`;
  }
}

function read() {
  return [...document.querySelectorAll("[data-curve] tbody tr")].map(({ dataset }) => ({
    number: dataset.number,
    status: dataset.status,
    labels: Number(dataset.labels),
    value: Number(dataset.value),
    low: Number(dataset.low),
    high: Number(dataset.high),
    n: Number(dataset.n),
  }));
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function traces(points) {
  const x = points.map((point) => point.labels);
  const edge = { x, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
  const champion = points.map((point) => (point.status === "champion" ? 12 : 8));
  return [
    { ...edge, y: points.map((point) => point.low) },
    { ...edge, y: points.map((point) => point.high), fill: "tonexty", fillcolor: colour("--accent-wash") },
    {
      x,
      y: points.map((point) => point.value),
      mode: "lines+markers",
      line: { color: colour("--accent"), width: 2 },
      marker: { color: colour("--accent"), size: champion },
      error_y: {
        type: "data",
        symmetric: false,
        array: points.map((point) => point.high - point.value),
        arrayminus: points.map((point) => point.value - point.low),
        color: colour("--accent"),
        thickness: 1,
        width: 4,
      },
      text: points.map(
        (point) =>
          `version ${point.number} (${point.status})<br>${point.value.toFixed(3)} ` +
          `[${point.low.toFixed(3)}, ${point.high.toFixed(3)}], n ${point.n}<br>${point.labels} training labels`,
      ),
      hovertemplate: "%{text}<extra></extra>",
    },
  ];
}

function layout() {
  const axis = {
    color: colour("--ink-soft"),
    gridcolor: colour("--line"),
    linecolor: colour("--line-strong"),
    zeroline: false,
    fixedrange: true,
  };
  return {
    showlegend: false,
    margin: { l: 64, r: 16, t: 8, b: 52 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--ink-soft") },
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line-strong"), font: { color: colour("--ink") } },
    xaxis: { ...axis, title: { text: "training labels" }, rangemode: "tozero" },
    yaxis: { ...axis, title: { text: "audit accuracy" }, range: [0, 1.02] },
  };
}
