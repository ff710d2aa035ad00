// Every plot is drawn from the table that stands below it, and from nothing else.

/** Give the rows of a plot's table as points: of, x, y, low, high, text. */
export function read(figure) {
  const rows = figure.querySelectorAll("[data-points] tbody tr[data-y]");
  return [...rows].map(({ dataset }) => ({
    of: dataset.of ?? "",
    x: number(dataset.x),
    y: Number(dataset.y),
    low: "low" in dataset ? Number(dataset.low) : null,
    high: "high" in dataset ? Number(dataset.high) : null,
    text: dataset.text ?? "",
    marked: "marked" in dataset,
  }));
}

function number(text) {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Group points by what they are of, in the order of their first. */
export function series(points) {
  const found = new Map();
  for (const point of points) {
    if (!found.has(point.of)) found.set(point.of, []);
    found.get(point.of).push(point);
  }
  return [...found];
}
