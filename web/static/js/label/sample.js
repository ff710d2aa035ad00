// Show a sample. Whatever it holds goes in as text: nothing in a sample is ever markup.

import { make } from "./make.js";
import { Picture } from "./picture.js";
import { about, paragraph } from "./text.js";

const LISTED = 64;
const FIRST = 120;
const SVG = "http://www.w3.org/2000/svg";

export function imageUrl(api, sample) {
  return `${api}/samples/${sample.id}/image`;
}

/**
 * Make what shows a sample of the project's kind.
 *
 * @returns {{element: HTMLElement, picture: Picture | null}} `picture` when it can be zoomed
 */
export function drawn(kind, sample, api) {
  if (kind === "image") {
    const picture = new Picture(imageUrl(api, sample), sample.payload);
    return { element: picture.element, picture };
  }
  const makers = { text, table, vectors };
  return { element: kind === "text" && sample.payload.fields ? fields(sample) : makers[kind](sample), picture: null };
}

/** Say in a line what a sample is, for lists. */
export function firstLine(kind, { payload, external_id: id }) {
  const told = {
    text: () => payload.text,
    table: () => Object.entries(payload).map(([name, value]) => `${name}: ${value ?? "missing"}`).join(" · "),
    image: () => payload.name,
    vectors: () => id,
  };
  const line = String(told[kind]() || id || "");
  return line.length > FIRST ? `${line.slice(0, FIRST)}…` : line;
}

function text({ payload, metadata }) {
  return paragraph(payload.text, about(metadata));
}

/** A text of several fields, each under its name. */
function fields({ payload, metadata }) {
  const part = ({ name, text }) => make("section", "part", make("h2", "", name), paragraph(text, about(metadata, name)));
  return make("div", "fields", ...payload.fields.map(part));
}

function table({ payload }) {
  const element = make("dl", "row");
  for (const [column, value] of Object.entries(payload)) {
    const cell = make("dd", value === null ? "quiet" : "", value === null ? "missing" : value);
    cell.dir = "auto";
    element.append(make("dt", "", column), cell);
  }
  return element;
}

function vectors({ payload }) {
  const { vector } = payload;
  const listed = vector.slice(0, LISTED).map((value) => Number(value.toPrecision(4))).join("  ");
  const more = vector.length > LISTED ? `  … ${vector.length} numbers` : "";
  return make("div", "vector", sparkline(vector), make("p", "", listed + more));
}

function sparkline(vector) {
  const low = Math.min(0, ...vector);
  const high = Math.max(0, ...vector);
  const height = (value) => 100 * (1 - (value - low) / (high - low || 1));
  const wide = Math.max(1, vector.length - 1);
  const path = vector.map((value, place) => `${place ? "L" : "M"}${place} ${height(value)}`).join("");
  return drawing(
    "svg",
    { viewBox: `0 0 ${wide} 100`, preserveAspectRatio: "none", role: "img", "aria-label": `${vector.length} numbers from ${low} to ${high}` },
    drawing("line", { x1: 0, x2: wide, y1: height(0), y2: height(0) }),
    drawing("path", { d: path }),
  );
}

function drawing(name, attributes, ...inside) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...inside);
  return element;
}
