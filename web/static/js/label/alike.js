// Near-duplicates of the sample in sight: one answer may hold for them as well.

import { make } from "./make.js";
import { firstLine, imageUrl } from "./sample.js";

/** The strip under the sample; hidden when the sample has no near-duplicates. */
export class Alike {
  constructor({ kind, api, settings }) {
    Object.assign(this, { kind, api, settings });
    this.box = document.querySelector("[data-alike]");
    this.switch = document.querySelector("[data-group]");
    this.more = document.querySelector("[data-more]");
    this.list = this.box.querySelector("ul");
    this.count = 0;
  }

  get there() {
    return this.count > 0;
  }

  /** Whether an answer given now is meant for the near-duplicates too. */
  get on() {
    return this.there && this.settings.get("group");
  }

  show(samples) {
    this.count = samples.length;
    this.open(false);
    this.box.hidden = !this.there;
    this.list.replaceChildren(...samples.map((sample) => this.drawn(sample)));
    this.draw();
  }

  /** Show every near-duplicate, or those that fit into a line. */
  open(all = this.more.getAttribute("aria-expanded") === "false") {
    this.more.setAttribute("aria-expanded", String(all));
    this.more.textContent = all ? "Show less" : "Show all";
    this.box.classList.toggle("open", all);
  }

  drawn(sample) {
    if (this.kind !== "image") {
      const line = make("li", "", firstLine(this.kind, sample));
      line.dir = "auto";
      return line;
    }
    const image = make("img");
    Object.assign(image, { src: imageUrl(this.api, sample), alt: firstLine(this.kind, sample) || "A near-duplicate", loading: "lazy" });
    return make("li", "thumb", image);
  }

  toggle() {
    if (!this.there) return;
    this.settings.set("group", !this.settings.get("group"));
    this.draw();
  }

  draw() {
    const many = `${this.count} near-duplicate${this.count === 1 ? "" : "s"}`;
    this.switch.querySelector("[data-words]").textContent = this.on ? `Answers for ${many} as well` : `Not for its ${many}`;
    this.switch.setAttribute("aria-pressed", String(this.on));
    this.box.classList.toggle("off", !this.on);
  }
}
