// The key sheet: what each key does, and the choice of keys.

import { make } from "./make.js";
import { caps, preset } from "./presets.js";

/** What each act does, in the order of the sheet. `where` tells on which pages it is shown. */
const ACTS = [
  ["submit", "send what is chosen", "collects"],
  ["suggestion", "take what the model suggests", "suggests"],
  ["skip", "skip: somebody else may answer"],
  ["undo", "take back what you did last"],
  ["clear", "unselect everything", "collects"],
  ["back", "look at your earlier answers, and change them"],
  ["forward", "go forward again"],
  ["present", "return to the new sample"],
  ["filter", "filter the classes; other letters do so too", "filters"],
  ["group", "near-duplicates with the sample, or not", "groups"],
  ["flag", "flag the sample for a reviewer"],
  ["closer", "come closer", "pictures"],
  ["farther", "go back", "pictures"],
  ["fit", "fit the image, unless a class has that key", "pictures"],
  ["send", "send now what is unsent"],
  ["guidelines", "show the guidelines"],
  ["help", "show this sheet"],
];

/** Lets somebody choose keys, and tells the page. */
export class Sheet {
  /** @param {{settings: import("./settings.js").Settings, several: boolean, has: Set<string>, changed: () => void}} around */
  constructor({ settings, several, has, changed }) {
    Object.assign(this, { settings, several, has, changed });
    this.dialog = document.getElementById("keys");
    this.list = this.dialog.querySelector("[data-keys]");
    this.advance = this.dialog.querySelector("[name=advance]");
    for (const choice of this.presets) {
      choice.checked = choice.value === settings.get("preset");
      choice.addEventListener("change", () => this.choose(choice.value));
    }
    this.advance?.addEventListener("change", () => {
      settings.set("advance", this.advance.checked);
      this.draw();
      changed();
    });
    this.draw();
  }

  get presets() {
    return [...this.dialog.querySelectorAll("[name=preset]")];
  }

  get preset() {
    return preset(this.settings.get("preset"));
  }

  /** Whether choosing a class is answering. */
  get goesOn() {
    return !this.several && (this.settings.get("advance") ?? this.preset.advance);
  }

  choose(name) {
    this.settings.set("preset", name);
    this.settings.set("advance", null); // a tool's keys come with its habit
    this.draw();
    this.changed();
  }

  open() {
    this.dialog.showModal();
  }

  draw() {
    if (this.advance) this.advance.checked = this.goesOn;
    const { chords, tens } = this.preset;
    const choosing = this.several ? "choose a class, or not" : this.goesOn ? "choose a class and go on" : "choose a class";
    const rows = [row(tens ? "1 … 9, 0, then with Shift" : "1 … 9, 0", choosing)];
    if (this.has.has("own")) rows.push(row("the key on a class", choosing));
    for (const [act, words, where] of ACTS) {
      if (chords[act] && (!where || this.has.has(where) || (where === "collects" && !this.goesOn))) rows.push(row(chords[act], words));
    }
    if (this.goesOn) rows.push(row(chords.submit, this.has.has("suggests") ? "take the suggestion" : "send again what you took back"));
    this.list.replaceChildren(...rows);
    for (const cap of document.querySelectorAll("[data-cap]")) {
      cap.replaceChildren(...(chords[cap.dataset.cap] ? caps(chords[cap.dataset.cap][0]).join(" ") : ""));
    }
  }
}

function row(chords, words) {
  const pressed = typeof chords === "string" ? [make("span", "", chords)] : chords.flatMap((chord, at) => [at ? ", " : "", ...keyed(chord)]);
  return make("div", "", make("dt", "", ...pressed), make("dd", "", words));
}

function keyed(chord) {
  return caps(chord).flatMap((cap, at) => [at ? " + " : "", make("kbd", "", cap)]);
}
