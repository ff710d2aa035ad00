// What a key means here. Keys are off while somebody types, and while a dialog is open.

const TYPING = "input:not([type=range]), textarea, select, [contenteditable]";
const OWN_KEYS = "button, a[href], summary";
const SLIDER = "input[type=range]";
const HELD = new Set(["back", "forward", "closer", "farther", "up", "down", "pageUp", "pageDown"]);
const SCROLLS = new Set(["up", "down", "pageUp", "pageDown"]);

/**
 * Read a keydown event.
 *
 * @param {KeyboardEvent} event
 * @param {{preset: object, classKeys: Set<string>, filtering: boolean, inPast: boolean,
 *   pictures: boolean, grouped: boolean}} page
 *   the keys in force; those that choose a class; whether letters filter the classes; whether an
 *   earlier answer is in sight; whether there is something to zoom, and near-duplicates
 * @returns {{act: "choose", key: string} | {act: "filter", text: string} | {act: string} | null}
 */
export function meaning(event, page) {
  if (event.defaultPrevented || event.isComposing) return null;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return null;
  const key = classKey(event, page);
  if (key) return once(event, { act: "choose", key });
  const act = bound(chord(event), page);
  if (act) return left(event, act) ? null : once(event, { act, text: "" });
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return page.filtering && letter(event.key) ? { act: "filter", text: event.key } : null;
}

/** Give the chord of an event; Shift counts where it does not only make another character. */
export function chord(event) {
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && (mod || key.length > 1);
  return [mod && "Mod", event.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
}

function bound(pressed, { preset, filtering, inPast, pictures, grouped }) {
  const off = new Set([
    ...(filtering ? [] : ["filter"]),
    ...(pictures ? [] : ["closer", "farther", "fit"]),
    ...(filtering && !grouped ? ["group"] : []), // then G begins a name
  ]);
  const acts = Object.keys(preset.chords).filter((act) => preset.chords[act].includes(pressed));
  const usable = acts.filter((act) => !off.has(act));
  // where one key skips what is new and goes forward among what is old
  return usable.find((act) => (act === "forward") === inPast) ?? usable[0];
}

/** Whether the key is left to what has the focus: a button reached with Tab, a slider. */
function left(event, act) {
  const target = event.target;
  if (SCROLLS.has(act)) return Boolean(target.closest?.("[data-scrolls], button, input"));
  if (target.closest?.(SLIDER)) return event.key.startsWith("Arrow");
  return (event.key === " " || event.key === "Enter") && Boolean(target.closest?.(OWN_KEYS));
}

/** A key held down means its act once, but for moving about; the browser's own meaning is off. */
function once(event, command) {
  return event.repeat && !HELD.has(command.act) ? { act: "nothing" } : command;
}

function classKey(event, { preset, classKeys }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const number = digit(event);
  if (number !== undefined) return classKeys.has(number) ? number : null;
  const place = preset.tens && event.shiftKey && /^Digit(\d)$/.exec(event.code)?.[1];
  if (place && !"/?".includes(event.key) && classKeys.has(`⇧${place}`)) return `⇧${place}`;
  const key = event.key.toLowerCase();
  return classKeys.has(key) ? key : null;
}

/** Give the digit pressed: by what the key types, else by its place, as on French keyboards. */
function digit(event) {
  const byPlace = event.shiftKey || letter(event.key) ? null : /^Digit(\d)$/.exec(event.code);
  return /^\d$/.test(event.key) ? event.key : byPlace?.[1];
}

function letter(key) {
  return /^\p{L}$/u.test(key);
}
