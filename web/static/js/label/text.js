// Text as it is read: its own direction, paragraphs, and evidence that somebody marked.

import { make } from "./make.js";

const LONG = 400;
const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

/**
 * Make the element of a text.
 *
 * @param {string} text
 * @param {{highlights?: (string | [number, number])[], lang?: string}} about
 */
export function paragraph(text, { highlights = [], lang = "" } = {}) {
  const element = make("p", "text", ...marked(text, highlights));
  element.classList.toggle("long", text.length > LONG);
  element.dir = "auto";
  if (LANGUAGE.test(lang)) element.lang = lang; // says how to break lines, and in which letters
  return element;
}

/** Read what metadata say of a sample's text: highlights, as a list or as the JSON of one, and lang. */
export function about(metadata, field = "") {
  const found = metadata?.[field ? `highlights.${field}` : "highlights"] ?? (field ? metadata?.highlights : null);
  const listed = listOf(found);
  // places count from the start of one text: in a sample of several fields only words are clear
  const shared = field && !(`highlights.${field}` in (metadata ?? {}));
  return {
    highlights: shared ? listed.filter((each) => typeof each === "string") : listed,
    lang: String(metadata?.lang ?? metadata?.language ?? ""),
  };
}

function listOf(found) {
  try {
    const read = typeof found === "string" ? JSON.parse(found) : found;
    return Array.isArray(read) ? read : [];
  } catch {
    return [found]; // one word, not a list
  }
}

/** Cut a text into pieces, those that are highlighted as <mark>. */
function marked(text, highlights) {
  const pieces = [];
  let from = 0;
  for (const [start, end] of joined(highlights.flatMap((each) => places(text, each)))) {
    pieces.push(text.slice(from, start), make("mark", "", text.slice(start, end)));
    from = end;
  }
  return [...pieces, text.slice(from)].filter((piece) => piece !== "");
}

/** Give where a highlight stands: a [start, end] in characters, or every place of a word. */
function places(text, highlight) {
  if (Array.isArray(highlight)) {
    const [start, end] = highlight.map((at) => unit(text, at));
    return start >= 0 && end <= text.length && start < end ? [[start, end]] : [];
  }
  const word = String(highlight ?? "").toLowerCase();
  const lower = text.toLowerCase();
  if (!word || lower.length !== text.length) return []; // a letter that grows in lower case would shift the rest
  const found = [];
  for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) found.push([at, at + word.length]);
  return found;
}

/** From a number of characters, as Python counts them, to the place in a JavaScript string. */
function unit(text, characters) {
  if (!Number.isInteger(characters) || characters < 0) return -1;
  let at = 0;
  for (let count = 0; count < characters && at < text.length; count++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

function joined(ranges) {
  const whole = [];
  for (const [start, end] of ranges.sort((one, other) => one[0] - other[0])) {
    const last = whole.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}
