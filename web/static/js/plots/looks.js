// How plots look: the page's own colours and letters.

export const SERIES = ["--accent", "--series-2", "--series-3", "--series-4", "--ink-soft"];

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Give a colour of the page, let through by so much. */
export function wash(name, share) {
  const hex = colour(name).replace("#", "");
  const parts = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${parts.join(", ")}, ${share})`;
}

export function layout({ xTitle, yTitle, xType, yRange, legend, threshold }) {
  const axis = {
    color: colour("--ink-soft"),
    gridcolor: colour("--line"),
    linecolor: colour("--line-strong"),
    zeroline: false,
    fixedrange: true,
    automargin: true,
  };
  const line = { color: colour("--bad"), width: 1.5, dash: "dash" };
  return {
    showlegend: legend,
    legend: { orientation: "h", x: 0, y: 1.12, font: { color: colour("--ink") } },
    margin: { l: 64, r: 16, t: legend ? 32 : 8, b: 52 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--ink-soft") },
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line-strong"), font: { color: colour("--ink") } },
    barmode: "group",
    bargap: 0.25,
    shapes: threshold === null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: threshold, y1: threshold, line }],
    xaxis: { ...axis, title: { text: xTitle }, type: xType, ...(xType === "linear" ? { rangemode: "tozero" } : {}) },
    yaxis: { ...axis, title: { text: yTitle }, ...(yRange ? { range: yRange } : { rangemode: "tozero" }) },
  };
}
