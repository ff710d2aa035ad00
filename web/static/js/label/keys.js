// What a key means here. Keys are off while somebody types, and while a dialog is open.

const TYPING = "input, textarea, select, [contenteditable]";
const OWN_KEYS = "button, a[href], summary";

/**
 * Read a keydown event.
 *
 * @param {KeyboardEvent} event
 * @param {{filtering: boolean}} page whether letters filter the classes
 * @returns {{act: "choose", key: string} | {act: "filter", text: string} | {act: string} | null}
 */
export function meaning(event, { filtering }) {
  if (event.defaultPrevented || event.isComposing) return null;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return null;
  if (event.ctrlKey || event.metaKey) {
    const undo = event.key.toLowerCase() === "z" && !event.shiftKey && !event.altKey;
    return undo ? once(event, { act: "undo" }) : null;
  }
  if (event.altKey) return null;
  const key = digit(event);
  if (key !== undefined) return once(event, { act: "choose", key });
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

/** Give the digit pressed: by what the key types, else by its place, as on French keyboards. */
function digit(event) {
  const byPlace = event.shiftKey || letter(event.key) ? null : /^Digit(\d)$/.exec(event.code);
  return /^\d$/.test(event.key) ? event.key : byPlace?.[1];
}

function letter(key) {
  return /^\p{L}$/u.test(key);
}
