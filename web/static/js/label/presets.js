// Which key means what, by the tools that people know. `Mod` is Ctrl, or Cmd on a Mac.

const EVERYWHERE = {
  suggestion: ["."],
  flag: ["f"],
  group: ["g"],
  guidelines: ["h"],
  filter: ["/"],
  help: ["?"],
  present: ["Escape"],
  closer: ["+", "="],
  farther: ["-"],
  fit: ["0"],
  up: ["ArrowUp"],
  down: ["ArrowDown"],
  pageUp: ["PageUp"],
  pageDown: ["PageDown"],
};

/**
 * By name: the title, whether choosing goes on at once, and the chords of each act.
 *
 * `tens` says that Shift and a digit choose the 11th to the 20th class.
 */
export const PRESETS = {
  activeloop: {
    title: "activeloop",
    advance: true,
    chords: {
      ...EVERYWHERE,
      submit: ["Enter", "Mod+Enter"],
      skip: [" "],
      undo: ["u", "Mod+z", "Backspace"],
      back: ["ArrowLeft"],
      forward: ["ArrowRight"],
    },
  },
  prodigy: {
    title: "Prodigy",
    advance: false,
    tens: true,
    chords: {
      ...EVERYWHERE,
      submit: ["a", "Enter"],
      skip: [" "],
      undo: ["Backspace", "Delete"],
      back: ["ArrowLeft"],
      forward: ["ArrowRight"],
      send: ["Mod+s"],
    },
  },
  "label-studio": {
    title: "Label Studio",
    advance: false,
    chords: {
      ...EVERYWHERE,
      submit: ["Mod+Enter", "Alt+Enter"],
      skip: ["Mod+ "],
      undo: ["Mod+z"],
      clear: ["u"],
      back: ["Mod+ArrowLeft"],
      forward: ["Mod+ArrowRight"],
    },
  },
  doccano: {
    title: "doccano",
    advance: false,
    chords: {
      ...EVERYWHERE,
      submit: ["Enter"],
      skip: ["ArrowRight"],
      undo: ["Mod+z"],
      back: ["ArrowLeft"],
      forward: ["ArrowRight"],
      present: ["Shift+ArrowRight", "Escape"],
      send: ["Mod+s"],
    },
  },
};

const MAC = /Mac|iP(hone|ad|od)/.test(navigator.platform);
const CAPS = {
  " ": "Space",
  Mod: MAC ? "⌘" : "Ctrl",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page up",
  PageDown: "Page down",
  Escape: "Esc",
};

/** The key caps of a chord, in the order in which they are pressed. */
export function caps(chord) {
  const parts = chord === "+" ? ["+"] : chord.split("+");
  return parts.map((part) => CAPS[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}

/** A preset by its name; the first one when it is unknown. */
export function preset(name) {
  return PRESETS[name] ?? PRESETS.activeloop;
}
