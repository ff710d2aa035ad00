// Show a sample. Whatever it holds goes in as text: nothing in a sample is ever markup.

const LONG = 400;
const TINY = 64;
const LISTED = 64;
const SVG = "http://www.w3.org/2000/svg";

export function imageUrl(api, sample) {
  return `${api}/samples/${sample.id}/image`;
}

/** Make the element that shows a sample of the project's kind. */
export function drawn(kind, sample, api) {
  const makers = { text, image, table, vectors };
  return makers[kind](sample, api);
}

function make(name, className, content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (content !== undefined) element.textContent = content;
  return element;
}

function text({ payload }) {
  const element = make("p", "text", payload.text);
  element.classList.toggle("long", payload.text.length > LONG);
  element.dir = "auto";
  return element;
}

function image(sample, api) {
  const { width, height, name } = sample.payload;
  const element = make("img", Math.max(width, height) <= TINY ? "tiny" : "");
  Object.assign(element, { src: imageUrl(api, sample), width, height, alt: name ? `Image ${name}` : "The image to label" });
  element.addEventListener("error", () => element.replaceWith(make("p", "waiting", "The image cannot be shown. Skip it.")));
  return element;
}

function table({ payload }) {
  const element = make("dl", "row");
  for (const [column, value] of Object.entries(payload)) {
    const cell = make("dd", value === null ? "quiet" : "", value === null ? "missing" : String(value));
    cell.dir = "auto";
    element.append(make("dt", "", column), cell);
  }
  return element;
}

function vectors({ payload }) {
  const { vector } = payload;
  const element = make("div", "vector");
  element.append(sparkline(vector));
  const listed = vector.slice(0, LISTED).map((value) => Number(value.toPrecision(4))).join("  ");
  const more = vector.length > LISTED ? `  … ${vector.length} numbers` : "";
  element.append(make("p", "", listed + more));
  return element;
}

function sparkline(vector) {
  const low = Math.min(0, ...vector);
  const high = Math.max(0, ...vector);
  const height = (value) => 100 * (1 - (value - low) / (high - low || 1));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${Math.max(1, vector.length - 1)} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${vector.length} numbers from ${low} to ${high}`);
  const zero = document.createElementNS(SVG, "line");
  for (const [name, value] of [["x1", 0], ["x2", Math.max(1, vector.length - 1)], ["y1", height(0)], ["y2", height(0)]]) {
    zero.setAttribute(name, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", vector.map((value, place) => `${place ? "L" : "M"}${place} ${height(value)}`).join(""));
  svg.append(zero, path);
  return svg;
}
