// The classes: what is chosen, which key chooses which, and what the model suggests.

import { make } from "./make.js";

const DIGITS = "1234567890";

/**
 * The class buttons. With one label per sample and `advance` a choice is the answer; else choices
 * are collected until they are submitted.
 */
export class Choices {
  /** @param {{several: boolean, answer: (given: object) => void, changed: () => void}} around */
  constructor({ several, answer, changed }) {
    Object.assign(this, { several, answer, changed });
    this.box = document.getElementById("classes");
    this.buttons = [...this.box.querySelectorAll("[data-class]")];
    this.chosen = new Set();
    this.suggested = new Set();
    this.advance = !several;
    this.tens = false;
    this.byKey = new Map();
    for (const swatch of document.querySelectorAll("[data-color]")) {
      swatch.style.setProperty("--swatch", swatch.dataset.color);
    }
    this.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-class]");
      if (button) this.choose(button.dataset.class);
    });
    this.assign(this.buttons);
  }

  get names() {
    return this.buttons.map((button) => button.dataset.class);
  }

  get keys() {
    return new Set(this.byKey.keys());
  }

  get collects() {
    return this.several || !this.advance;
  }

  /** What Enter would send; null when it would send nothing. */
  get given() {
    if (this.several) return { labels: this.names.filter((name) => this.chosen.has(name)) };
    const [label] = this.chosen;
    return label === undefined ? null : { label };
  }

  press(key) {
    const name = this.byKey.get(key);
    if (name !== undefined) this.choose(name);
  }

  choose(name) {
    if (!this.collects) return this.answer({ label: name });
    const there = this.chosen.has(name);
    if (!this.several) this.chosen.clear();
    if (there) this.chosen.delete(name);
    else this.chosen.add(name);
    this.draw();
  }

  /** Take over what the model suggests; where a choice is the answer, that is the answer. */
  take() {
    if (!this.suggested.size) return;
    if (!this.collects) return this.answer({ label: [...this.suggested][0] });
    this.chosen = new Set(this.suggested);
    this.draw();
  }

  /**
   * Begin with another sample.
   *
   * @param {object | null} said one's own answer so far, if there is one
   * @param {{labels: string[], confidence: number | null} | null} suggestion the model's, if it is shown
   */
  begin(said, suggestion) {
    this.chosen = new Set(said?.labels ?? (said?.label ? [said.label] : []));
    this.suggested = new Set(suggestion?.labels?.filter((name) => this.names.includes(name)));
    this.confidence = suggestion?.confidence ?? null;
    this.reviewing = said !== null;
    this.draw();
  }

  clear() {
    this.chosen.clear();
    this.draw();
  }

  draw() {
    for (const button of this.buttons) {
      const name = button.dataset.class;
      const chosen = this.chosen.has(name);
      button.classList.toggle("chosen", chosen);
      if (this.collects || this.reviewing) button.setAttribute("aria-pressed", String(chosen));
      else button.removeAttribute("aria-pressed");
      button.classList.toggle("suggested", this.suggested.has(name));
      button.querySelector(".hint").replaceChildren(...(this.suggested.has(name) ? hint(this.confidence) : []));
    }
    this.changed();
  }

  /** Give keys to the classes in sight, in their order, and show each on its button. */
  assign(shown) {
    const keys = keysFor(shown, this.tens);
    this.byKey.clear();
    for (const button of this.buttons) {
      const key = keys.get(button) ?? "";
      if (key) this.byKey.set(key, button.dataset.class);
      button.querySelector("kbd").textContent = key.toUpperCase();
      if (key) button.setAttribute("aria-keyshortcuts", key.replace("⇧", "Shift+"));
      else button.removeAttribute("aria-keyshortcuts");
    }
  }
}

/** Say how sure the model is of what it suggests. */
export function sure(confidence) {
  return confidence === null ? "" : `${Math.round(100 * confidence)} %`;
}

function hint(confidence) {
  return [make("span", "unseen", "suggested by the model"), ` ${sure(confidence) || "model"}`];
}

/** A class has its own key, or the digit it is called by; the others have what is left, in order. */
function keysFor(buttons, tens) {
  const few = buttons.length <= DIGITS.length;
  const own = ({ dataset }) => dataset.key || (few && dataset.class.length === 1 && DIGITS.includes(dataset.class) ? dataset.class : "");
  const taken = new Set(buttons.map(own));
  const free = [...DIGITS, ...(tens ? [...DIGITS].map((digit) => `⇧${digit}`) : [])].filter((key) => !taken.has(key));
  return new Map(buttons.map((button) => [button, own(button) || free.shift() || ""]));
}
