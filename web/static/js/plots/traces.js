// Points as plotly.js wants them: lines with bands, bars, a calibration's diagonal.

import { SERIES, colour, wash } from "./looks.js";

const HOVER = "%{text}<extra></extra>";

export function traces(style, groups) {
  if (style === "bars") return groups.map(([name, points], at) => bars(name, points, SERIES[at % SERIES.length]));
  const lines = groups.flatMap(([name, points], at) => banded(name, points, SERIES[at % SERIES.length]));
  return style === "diagonal" ? [diagonal(), ...lines] : lines;
}

function banded(name, points, hue) {
  const x = points.map((point) => point.x);
  const edge = { x, mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false, legendgroup: name };
  const band = points.every((point) => point.low !== null) ? [
    { ...edge, y: points.map((point) => point.low) },
    { ...edge, y: points.map((point) => point.high), fill: "tonexty", fillcolor: wash(hue, 0.16) },
  ] : [];
  return [...band, {
    x,
    y: points.map((point) => point.y),
    name,
    legendgroup: name,
    mode: "lines+markers",
    line: { color: colour(hue), width: 2 },
    marker: {
      color: colour(hue),
      size: points.map((point) => (point.marked ? 12 : 7)),
      symbol: points.map((point) => (point.marked ? "diamond" : "circle")),
    },
    text: points.map((point) => words(name, point)),
    hovertemplate: HOVER,
  }];
}

function bars(name, points, hue) {
  return {
    type: "bar",
    x: points.map((point) => point.x),
    y: points.map((point) => point.y),
    name,
    marker: { color: colour(hue) },
    text: points.map((point) => words(name, point)),
    textposition: "none",
    hovertemplate: HOVER,
  };
}

function diagonal() {
  const line = { color: colour("--line-strong"), width: 1, dash: "dot" };
  return { x: [0, 1], y: [0, 1], mode: "lines", line, hoverinfo: "skip", showlegend: false };
}

function words(name, point) {
  const told = point.text || `${point.x}: ${point.y.toFixed(3)}`;
  // plotly reads a few tags in these texts, and names may hold anything
  return `${name ? `${name}, ` : ""}${told}`.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
