// What a key means here. Keys are off while somebody types, and while a dialog is open.

const TYPING = "input, textarea, select, [contenteditable]";
const OWN_KEYS = "button, a[href], summary";

/**
 * Read a keydown event.
 *
 * @param {KeyboardEvent} event
 * @param {{filtering: boolean}} page whether letters filter the classes
 * @returns {{act: "choose", place: number} | {act: "filter", text: string} | {act: string} | null}
 */
export function meaning(event, { filtering }) {
  if (event.defaultPrevented || event.isComposing) return null;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return null;
  if (event.ctrlKey || event.metaKey) {
    const undo = event.key.toLowerCase() === "z" && !event.shiftKey && !event.altKey;
    return undo ? once(event, { act: "undo" }) : null;
  }
  if (event.altKey) return null;
  const place = digit(event);
  if (place !== null) return once(event, { act: "choose", place });
  switch (event.key) {
    case " ":
      // a button that was reached with Tab keeps its own Space
      return event.target.closest?.(OWN_KEYS) ? null : once(event, { act: "skip" });
    case "u":
    case "U":
    case "Backspace":
      return once(event, { act: "undo" });
    case "?":
      return once(event, { act: "help" });
    case "/":
      return filtering ? { act: "filter", text: "" } : null;
    default:
      return filtering && letter(event.key) ? { act: "filter", text: event.key } : null;
  }
}

/** A key held down means its act once; the browser's own meaning is off all the same. */
function once(event, command) {
  return event.repeat ? { act: "nothing" } : command;
}

/** Give the place a digit stands for (1 is 0, 0 is 9), by key, or by its place on the keyboard. */
function digit(event) {
  const byPlace = event.shiftKey || letter(event.key) ? null : /^Digit(\d)$/.exec(event.code);
  const shown = /^\d$/.test(event.key) ? event.key : byPlace?.[1];
  return shown === undefined ? null : (Number(shown) + 9) % 10;
}

function letter(key) {
  return /^\p{L}$/u.test(key);
}
