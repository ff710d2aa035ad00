// The classes: buttons, their keys, and a filter when there are many.

const KEYS = "1234567890";

export class Choices {
  /** @param {{pick: (name: string) => void}} tell */
  constructor({ pick }) {
    this.pick = pick;
    this.box = document.getElementById("classes");
    this.buttons = [...this.box.querySelectorAll("[data-class]")];
    this.field = document.getElementById("filter");
    this.found = document.querySelector("[data-found]");
    this.marked = -1;
    this.show(this.buttons);
    this.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-class]");
      if (button) this.choose(button);
    });
    this.field?.addEventListener("input", () => this.filter());
    this.field?.addEventListener("keydown", (event) => this.steer(event));
  }

  get filtering() {
    return this.field !== null;
  }

  choose(button) {
    this.pick(button.dataset.class);
    this.clear();
  }

  /** Choose by key: the first ten in sight have one, and each shows it. */
  press(digit) {
    const button = this.shown.find((each) => each.querySelector("kbd").textContent === digit);
    if (button) this.choose(button);
  }

  open(text) {
    this.field.focus();
    this.field.value += text;
    this.filter();
  }

  clear() {
    if (!this.field) return;
    if (this.field === document.activeElement) this.field.blur();
    if (!this.field.value) return;
    this.field.value = "";
    this.filter();
  }

  filter() {
    const words = plain(this.field.value).split(/\s+/).filter(Boolean);
    const fits = this.buttons.filter((button) => {
      const name = plain(button.dataset.class);
      return words.every((word) => name.includes(word));
    });
    // names that begin with what was typed come first
    const first = (button) => (words.length && plain(button.dataset.class).startsWith(words[0]) ? 0 : 1);
    this.show(words.length ? fits.sort((one, other) => first(one) - first(other)) : fits);
    this.mark(words.length && this.shown.length ? 0 : -1);
    this.found.textContent = words.length ? `${fits.length} of ${this.buttons.length} classes` : "";
  }

  show(buttons) {
    this.shown = buttons;
    const inSight = new Set(buttons);
    for (const button of this.buttons) button.hidden = !inSight.has(button);
    this.box.append(...buttons, ...this.buttons.filter((button) => !inSight.has(button)));
    const keys = keysFor(buttons.map((button) => button.dataset.class));
    for (const button of this.buttons) {
      const key = keys[buttons.indexOf(button)] ?? "";
      button.querySelector("kbd").textContent = key;
      if (key) button.setAttribute("aria-keyshortcuts", key);
      else button.removeAttribute("aria-keyshortcuts");
    }
  }

  mark(place) {
    this.marked = place;
    this.shown.forEach((button, at) => button.classList.toggle("marked", at === place));
    this.shown[place]?.scrollIntoView({ block: "nearest" });
  }

  steer(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" && this.shown[this.marked]) {
      event.preventDefault();
      this.choose(this.shown[this.marked]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.clear();
    } else if (event.key in steps && this.shown.length) {
      event.preventDefault();
      this.mark((this.marked + steps[event.key] + this.shown.length) % this.shown.length);
    }
  }

  /** Mark what was chosen before, when an answer is taken back. */
  remind(name) {
    for (const button of this.buttons) button.classList.toggle("chosen", button.dataset.class === name);
  }
}

/** Give the key of each class: the digits in order, but a class that is called by a digit has that one. */
function keysFor(names) {
  const own = names.length <= KEYS.length ? names.filter((name) => name.length === 1 && KEYS.includes(name)) : [];
  const free = [...KEYS].filter((key) => !own.includes(key));
  return names.map((name) => (own.includes(name) ? name : free.shift() ?? ""));
}

/** Without case, accents and underscores: how people type names. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_-]+/g, " ");
}
