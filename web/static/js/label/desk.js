// What is in sight and what becomes of it: answer, next, take back, look back, change.

import { uuid } from "./shelf.js";
import { Stopwatch } from "./stopwatch.js";
import { said } from "./words.js";

const RETRY = 2500;

/** The desk: one sample at a time, the next already in hand, one's own answers behind. */
export class Desk {
  /** @param {{buffer, outbox, past, view, choices, alike, inform: (text: string, tone?: string) => void, signedOut: () => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.offer = null; // the sample that wants an answer
    this.at = null; // the earlier answer in sight instead of it
    this.draft = null; // what was chosen for the offer when one looked back
    this.done = []; // what can be taken back: {entry, before}, the newest last
    this.mine = 0;
    this.watch = new Stopwatch();
    this.retry = 0;
  }

  get sample() {
    return (this.at ?? this.offer)?.sample ?? null;
  }

  show(offer, told = null) {
    this.at = null;
    this.offer = offer;
    this.draft = told;
    this.watch.start();
    this.present();
  }

  present() {
    this.watch.go();
    this.view.live(this.offer);
    this.choices.begin(this.draft, this.offer.suggestion ?? null);
  }

  wait(sentence) {
    this.offer = null;
    if (this.at) return;
    this.view.wait(sentence);
    this.choices.begin(null, null);
  }

  /** Show the next sample in hand; fetch more when few are left. */
  next() {
    const offer = this.buffer.take();
    if (offer) this.show(offer);
    else this.wait(this.buffer.waitingFor ?? "Fetching the next sample…");
    if (!offer || this.buffer.low) this.fetchMore();
  }

  async fetchMore() {
    clearTimeout(this.retry);
    try {
      await this.buffer.refill();
      if (!this.offer) this.fill(this.buffer.waitingFor ?? "Nothing to label at the moment.");
    } catch (error) {
      if (!this.offer) this.wait(error.status === 0 ? "No connection. The next sample comes as soon as it is back." : error.message);
      if (error.status === 401) this.signedOut();
    }
    this.retry = setTimeout(() => { if (!this.offer || this.buffer.low) this.fetchMore(); }, RETRY);
  }

  fill(otherwise) {
    const offer = this.buffer.take();
    if (!offer) return this.wait(otherwise);
    if (!this.at) return this.show(offer);
    Object.assign(this, { offer, draft: null });
    this.watch.start();
    this.watch.stop();
  }

  /** Take an answer for what is in sight, whether it is new or a change. */
  answer(given, note = "") {
    if (this.at) return this.revise(this.at, given, note);
    if (!this.offer) return;
    const { offer } = this;
    const entry = { key: uuid(), sample: offer.sample, offer, answer: given, note, group: this.alike.on && !given.skip, at: Date.now() };
    this.offer = null;
    this.inform("");
    this.past.add(entry);
    this.done.push({ entry, before: null });
    if (!given.skip) this.mine += 1;
    const { key, group } = entry;
    this.outbox.add({ kind: "answer", key, offerId: offer.id, answer: given, leadMs: this.watch.elapsed, note, group });
    this.next();
  }

  revise(entry, given, note) {
    if (said(given) !== said(entry.answer) || note !== entry.note) {
      this.done.push({ entry, before: { answer: entry.answer, note: entry.note } });
      this.change(entry, given, note);
      this.inform(`Changed to: ${said(given)}`);
    }
    this.forward();
  }

  change(entry, answer, note) {
    const change = { key: uuid(), answer, note, group: entry.group, leadMs: null };
    this.count(entry, answer);
    entry.before = { key: entry.key, answer: entry.answer, note: entry.note };
    entry.key = this.outbox.revise(entry.key, entry.labelId ?? null, change);
    Object.assign(entry, { answer, note });
  }

  /** An answer of this page becomes another: a skip is none of those that are counted. */
  count(entry, answer) {
    if (entry.offer) this.mine += Boolean(entry.answer.skip) - Boolean(answer.skip);
  }

  /** Take back what was done last on this page. */
  undo() {
    const last = this.done.pop();
    if (!last) return this.back(); // what was answered on another day can be changed there
    const { entry, before } = last;
    if (before) {
      this.change(entry, before.answer, before.note);
      this.look(entry);
      return this.inform(`Changed back to: ${said(before.answer)}`);
    }
    if (this.offer) this.buffer.putBack(this.offer);
    if (!entry.answer.skip) this.mine -= 1;
    this.outbox.takeBack(entry.key, entry.labelId);
    this.past.drop(entry);
    this.show(entry.offer, entry.answer);
    this.inform(entry.answer.skip ? "Took the skip back." : `Took back: ${said(entry.answer)}`);
  }

  look(entry) {
    if (!this.at) this.draft = this.choices.given;
    this.at = entry;
    this.watch.stop();
    this.view.past(entry);
    this.choices.begin(entry.answer, null);
  }

  /** Look at the answer before; tell whether there is one. */
  async back() {
    const from = this.at;
    const { sample } = this;
    try {
      if (!this.past.before(from)) await this.past.older();
    } catch (error) {
      this.inform(`Earlier answers cannot be fetched: ${error.message}`, "warn");
      return false;
    }
    if (this.sample !== sample) return false; // somebody went on meanwhile
    const entry = this.past.before(from);
    if (entry) this.look(entry);
    else this.inform("There are no earlier answers.");
    return Boolean(entry);
  }

  forward() {
    if (!this.at) return;
    const entry = this.past.after(this.at);
    if (entry) return this.look(entry);
    this.return();
  }

  /** Leave one's earlier answers. */
  return() {
    if (!this.at) return;
    this.at = null;
    if (this.offer) this.present();
    else this.next();
  }

  /** The server has an answer: know it by its number. */
  acknowledged(op, told) {
    const entry = this.past.byKey(op.key);
    if (entry && told) Object.assign(entry, { labelId: told.id, number: told.number });
  }

  /** The server has not taken it: it is as it was before. */
  refused(op) {
    const entry = this.past.byKey(op.key);
    if (!entry) return;
    this.done = this.done.filter((each) => each.entry !== entry);
    if (op.kind === "revise") {
      this.count(entry, entry.before.answer);
      Object.assign(entry, entry.before);
    } else {
      this.past.drop(entry);
      if (!entry.answer.skip) this.mine -= 1;
    }
    if (this.at === entry) this.return();
  }
}
