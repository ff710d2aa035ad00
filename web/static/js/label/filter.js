// Type to filter the classes, when there are many.

/** The field above the classes. Classes stay where they are; those that do not fit are hidden. */
export class Filter {
  /** @param {{choices: import("./choices.js").Choices, submit: () => void}} around */
  constructor({ choices, submit }) {
    Object.assign(this, { choices, submit });
    this.field = document.getElementById("filter");
    this.found = document.querySelector("[data-found]");
    this.groups = [...document.querySelectorAll("[data-heading]")];
    this.fitting = choices.buttons;
    this.marked = -1;
    this.field?.addEventListener("input", () => this.look());
    this.field?.addEventListener("keydown", (event) => this.steer(event));
    this.field?.addEventListener("blur", () => this.mark(-1));
  }

  get on() {
    return this.field !== null;
  }

  open(text) {
    this.field.focus();
    this.field.value += text;
    this.look();
  }

  clear() {
    if (!this.field) return;
    if (this.field === document.activeElement) this.field.blur();
    if (!this.field.value) return;
    this.field.value = "";
    this.look();
  }

  look() {
    const words = plain(this.field.value).split(" ").filter(Boolean);
    const fits = (text) => words.every((word) => plain(text).includes(word));
    const { buttons } = this.choices;
    const named = buttons.filter((button) => fits(button.dataset.class));
    // nothing is called so: perhaps a description or a heading says it
    this.fitting = named.length ? named : buttons.filter((button) => fits(button.dataset.words));
    const shown = new Set(this.fitting);
    for (const button of buttons) button.hidden = !shown.has(button);
    for (const group of this.groups) group.hidden = !group.querySelector("[data-class]:not([hidden])");
    this.choices.assign(this.fitting);
    this.mark(words.length ? best(this.fitting, words) : -1);
    this.found.textContent = words.length ? `${this.fitting.length} of ${buttons.length} classes` : "";
  }

  mark(place) {
    this.marked = place;
    for (const button of this.choices.buttons) button.classList.toggle("marked", button === this.fitting[place]);
    this.fitting[place]?.scrollIntoView({ block: "nearest" });
  }

  steer(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter") {
      event.preventDefault();
      const button = this.fitting[this.marked];
      this.clear();
      if (event.ctrlKey || event.metaKey) this.submit();
      else if (button) this.choices.choose(button.dataset.class);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.clear();
    } else if (event.key in steps && this.fitting.length) {
      event.preventDefault();
      this.mark((this.marked + steps[event.key] + this.fitting.length) % this.fitting.length);
    }
  }
}

/** The first whose name begins with what was typed, else the first. */
function best(buttons, words) {
  const place = buttons.findIndex((button) => plain(button.dataset.class).startsWith(words[0]));
  return buttons.length ? Math.max(0, place) : -1;
}

/** Without case, accents and underscores: how people type names. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_\s-]+/g, " ").trim();
}
