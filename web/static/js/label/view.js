// The card in the middle: a sample, what stands beside it, or a sentence while there is none.

import { make } from "./make.js";
import { drawn } from "./sample.js";
import { origin, recalled } from "./words.js";

const part = (name) => document.querySelector(`[data-${name}]`);

export class View {
  /** @param {{kind: string, api: string, metadata: string[], alike: import("./alike.js").Alike}} around */
  constructor({ kind, api, metadata, alike }) {
    Object.assign(this, { kind, api, metadata, alike });
    this.picture = null;
  }

  /** Show a sample that wants an answer. */
  live(offer) {
    this.draw(offer.sample);
    part("sample").dataset.offer = offer.id;
    part("origin").textContent = origin(offer);
    part("band").hidden = true;
    this.alike.show(offer.group ?? []);
  }

  /** Show a sample that one has answered, with what one said. */
  past(entry) {
    this.draw(entry.sample);
    part("sample").dataset.answer = entry.key;
    part("origin").textContent = "";
    part("band").hidden = false;
    part("band-words").textContent = recalled(entry);
    this.alike.show([]);
  }

  wait(sentence) {
    this.picture = null;
    this.place(make("p", "waiting", sentence));
    part("origin").textContent = "";
    part("band").hidden = true;
    part("beside").hidden = true;
    this.alike.show([]);
  }

  draw(sample) {
    const { element, picture } = drawn(this.kind, sample, this.api);
    this.picture = picture;
    this.place(element);
    const told = this.metadata.filter((name) => sample.metadata?.[name] != null && sample.metadata[name] !== "");
    const beside = part("beside");
    beside.hidden = !told.length;
    beside.firstElementChild.replaceChildren(...told.map((name) => {
      const value = make("dd", "", sample.metadata[name]);
      value.dir = "auto";
      return make("div", "", make("dt", "", name), value);
    }));
  }

  place(element) {
    const box = part("sample");
    box.replaceChildren(element);
    box.scrollTop = 0;
    delete box.dataset.offer;
    delete box.dataset.answer;
  }

  /** Move a long sample by a line or by a page. */
  scroll(pages, lines) {
    const box = part("sample");
    box.scrollBy({ top: pages * box.clientHeight * 0.9 + lines * 48 });
  }
}
