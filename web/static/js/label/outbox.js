// What was said, on its way: in order, each under its own key, kept on this device until acknowledged.

import { call, Refused, TOKEN } from "../api.js";
import { Shelf } from "./shelf.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20000;
const AT_ONCE = 20;

/**
 * Sends answers, changes, undos and flags one after the other.
 *
 * - an answer: {kind: "answer", key, offerId, answer, leadMs, note, group}
 * - a change: {kind: "revise", key, of, labelId, answer, leadMs, note, group}
 * - an undo: {kind: "undo", of, labelId}
 * - a flag: {kind: "flag", key, sampleId, note}
 *
 * `of` is the key of the answer that is changed or taken back. The server knows each by its key,
 * and an undo by its answer, so whatever is sent twice counts once.
 */
export class Outbox {
  /**
   * @param {{api: string, shelf: Shelf, changed: () => void, acknowledged: (op: object, said: object) => void,
   *   refused: (op: object, error: Refused) => void}} around
   */
  constructor({ api, shelf, changed, acknowledged, refused }) {
    Object.assign(this, { api, shelf, changed, acknowledged, refused });
    this.waiting = shelf.all();
    this.labels = new Map(); // key of an acknowledged answer -> its label's id
    this.trouble = null;
    this.pause = 0;
    this.sending = null;
    this.timer = 0;
    addEventListener("online", () => this.hurry());
  }

  get size() {
    return this.waiting.length;
  }

  /** The offers whose answers are not acknowledged yet. */
  get offerIds() {
    return this.waiting.filter((op) => op.kind === "answer").map((op) => op.offerId);
  }

  add(op) {
    this.waiting.push(this.shelf.keep(op));
    this.changed();
    this.hurry();
  }

  /** Take back an answer: before it is sent by dropping it, afterwards by an undo. */
  takeBack(key, labelId = null) {
    const op = this.unsent(key);
    if (!op) return this.add({ kind: "undo", of: key, labelId: this.labels.get(key) ?? labelId });
    this.waiting.splice(this.waiting.indexOf(op), 1);
    this.shelf.drop(op);
    this.changed();
    if (op.kind === "revise") this.takeBack(op.of, op.labelId);
  }

  /** Change an answer, and give the key under which it goes from now on. */
  revise(of, labelId, change) {
    const op = this.unsent(of);
    if (!op) {
      this.add({ ...change, kind: "revise", of, labelId: this.labels.get(of) ?? labelId });
      return change.key;
    }
    const { key, ...rest } = change;
    this.shelf.keep(Object.assign(op, rest));
    return op.key;
  }

  unsent(key) {
    return this.waiting.find((op) => op.key === key && !op.tried);
  }

  /** Try now instead of after the pause. */
  hurry() {
    clearTimeout(this.timer);
    if (!this.sending) this.sending = this.drain().finally(() => { this.sending = null; });
  }

  async drain() {
    while (this.waiting.length) {
      const op = this.waiting[0];
      if (!op.tried) this.shelf.keep(Object.assign(op, { tried: true }));
      try {
        const said = await this.send(op);
        this.pause = 0;
        this.trouble = null;
        this.settle(op, () => this.acknowledged(op, said));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (this.hopeless(error)) this.settle(op, () => this.refused(op, error));
        else return this.later(error);
      }
    }
  }

  async send(op) {
    if (op.kind === "answer") return this.remember(op, await call("POST", ...this.letter(op)));
    if (op.kind === "flag") return call("POST", ...this.letter(op));
    const id = op.labelId ?? this.labels.get(op.of);
    if (!id) return null; // its answer was refused: there is nothing to take back or to change
    if (op.kind === "undo") return call("POST", `${this.api}/labels/${id}/undo`);
    return this.remember(op, await call("POST", `${this.api}/labels/${id}/revise`, spoken(op)));
  }

  letter(op) {
    if (op.kind === "flag") return [`${this.api}/flags`, { sample_id: op.sampleId, note: op.note, key: op.key }];
    return [`${this.api}/labels`, { offer_id: op.offerId, ...spoken(op) }];
  }

  /** Tell those that follow which label they are about; they may be sent after this page is gone. */
  remember(op, said) {
    this.labels.set(op.key, said.id);
    for (const each of this.waiting) {
      if (each.of === op.key) this.shelf.keep(Object.assign(each, { labelId: said.id }));
    }
    return said;
  }

  /** Whether the server has said no for good. Being signed out, or in anew, is not that. */
  hopeless(error) {
    return !error.passing && error.status !== 401 && !error.names(TOKEN);
  }

  settle(op, tell) {
    this.waiting.splice(this.waiting.indexOf(op), 1);
    this.shelf.drop(op);
    tell();
    this.changed();
  }

  later(error) {
    this.trouble = error;
    this.pause = Math.min(this.pause ? this.pause * 2 : FIRST_PAUSE, LONGEST_PAUSE);
    const pause = Math.max(this.pause * (0.75 + Math.random() / 2), 1000 * error.retryAfter);
    this.timer = setTimeout(() => this.hurry(), pause);
    this.changed();
  }

  /** The page is closing: send once more without waiting. What fails stays on the shelf. */
  flush() {
    if (this.waiting.some((op) => op.of)) return; // the order matters: next time
    for (const op of this.waiting.slice(0, AT_ONCE)) {
      call("POST", ...this.letter(op), { keepalive: true }).catch(() => {});
    }
  }
}

/** What an answer or a change says, in the server's words. */
function spoken({ answer, leadMs, key, note = "", group = false }) {
  return { answer, lead_ms: leadMs, key, note, group };
}
