// One's own answers: those of this page, and before them those that the server remembers.

import { call } from "../api.js";

const PAGE = 20;

/**
 * A list of answers, oldest first. An entry is {key, sample, answer, note, at, labelId, number,
 * offer, group}; `offer` and `group` only where it was given on this page.
 */
export class Past {
  constructor(api) {
    this.api = api;
    this.entries = [];
    this.ended = false;
  }

  add(entry) {
    this.entries.push(entry);
  }

  drop(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
  }

  byKey(key) {
    return this.entries.find((each) => each.key === key);
  }

  /** Give the entry before this one, or the newest; undefined when there is none in hand. */
  before(entry) {
    return entry ? this.entries[this.entries.indexOf(entry) - 1] : this.entries.at(-1);
  }

  after(entry) {
    return this.entries[this.entries.indexOf(entry) + 1];
  }

  /** Fetch older answers; tell whether there were any. */
  async older() {
    if (this.ended) return false;
    const known = this.entries.find((each) => each.number);
    const query = new URLSearchParams({ count: PAGE, ...(known && { before: known.number }) });
    const { answers } = await call("GET", `${this.api}/history?${query}`);
    this.ended = answers.length < PAGE;
    const here = new Set(this.entries.flatMap((each) => [each.labelId, each.sample.id]));
    const fresh = answers.filter((each) => each.editable && !here.has(each.id) && !here.has(each.sample.id));
    this.entries.unshift(...fresh.reverse().map(entryOf));
    return fresh.length > 0;
  }
}

function entryOf({ id, number, sample, answer, note, created_at: at }) {
  return { key: `label:${id}`, labelId: id, number, sample, answer, note, at: Date.parse(at), offer: null, group: false };
}
