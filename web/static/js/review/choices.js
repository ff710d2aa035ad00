// The class buttons of a decision: chosen by key, click or name.

const DIGITS = "1234567890";
const OWN = new Set(["n", "a", "x"]);

export class Choices {
  constructor({ several, changed }) {
    this.several = several;
    this.changed = changed;
    this.box = document.getElementById("classes");
    this.buttons = [...this.box.querySelectorAll("[data-class]")];
    this.filter = document.getElementById("filter");
    this.chosen = new Set();
    this.byKey = new Map();
    for (const swatch of this.box.querySelectorAll("[data-color]")) swatch.style.setProperty("--swatch", swatch.dataset.color);
    this.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-class]");
      if (button) this.choose(button);
    });
    this.filter?.addEventListener("input", () => this.narrow());
    this.assign();
  }

  /** Give the digits to what is in sight; a class that has a key of its own shows that one. */
  assign() {
    this.byKey.clear();
    const seen = this.buttons.filter((each) => !each.hidden);
    const own = ({ dataset }) => (OWN.has(dataset.key) ? "" : dataset.key);
    for (const each of seen.filter(own)) this.byKey.set(own(each), each);
    for (const [place, each] of seen.entries()) {
      const digit = DIGITS[place] ?? "";
      if (digit && !this.byKey.has(digit)) this.byKey.set(digit, each);
      const key = own(each) || digit;
      each.querySelector("kbd").textContent = this.byKey.get(key) === each ? key : "";
    }
  }

  narrow() {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const each of this.buttons) each.hidden = wanted !== "" && !each.dataset.class.toLowerCase().includes(wanted);
    this.assign();
  }

  first() {
    return this.buttons.find((each) => !each.hidden);
  }

  byName(key) {
    return this.byKey.get(key.toLowerCase());
  }

  choose(button) {
    const name = button.dataset.class;
    const had = this.chosen.has(name);
    if (!this.several) this.chosen.clear();
    if (had) this.chosen.delete(name);
    else this.chosen.add(name);
    this.paint();
  }

  set(names) {
    this.chosen = new Set(names);
    if (this.filter) this.filter.value = "";
    if (this.filter) this.narrow();
    this.paint();
  }

  paint() {
    for (const each of this.buttons) {
      const on = this.chosen.has(each.dataset.class);
      each.classList.toggle("chosen", on);
      each.setAttribute("aria-pressed", String(on));
    }
    this.changed();
  }

  /** What would be decided; null when nothing is chosen. */
  get answer() {
    const names = this.buttons.map((each) => each.dataset.class).filter((name) => this.chosen.has(name));
    if (this.several) return this.touched ? { labels: names } : null;
    return names.length ? { label: names[0] } : null;
  }
}
