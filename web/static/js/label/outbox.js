// Answers on their way: in order, each under its own key, kept on this device until acknowledged.

import { call, Refused, TOKEN } from "../api.js";
import { Shelf } from "./shelf.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20000;

/**
 * Sends answers and undos one after the other.
 *
 * An answer is {kind: "answer", key, offerId, answer, leadMs}; an undo is {kind: "undo", of}, where
 * `of` is the key of the answer that is taken back. The server knows an answer by its key and an
 * undo by its answer, so whatever is sent twice counts once.
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
  takeBack(key) {
    const place = this.waiting.findIndex((op) => op.key === key);
    const op = this.waiting[place];
    if (op && !op.tried) {
      this.waiting.splice(place, 1);
      this.shelf.drop(op);
      this.changed();
    } else {
      this.add({ kind: "undo", of: key, labelId: this.labels.get(key) ?? null });
    }
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
    if (op.kind === "undo") {
      const id = op.labelId ?? this.labels.get(op.of);
      if (!id) return null; // its answer was refused: there is nothing to take back
      return call("POST", `${this.api}/labels/${id}/undo`);
    }
    const { offerId, answer, leadMs, key } = op;
    const said = await call("POST", `${this.api}/labels`, { offer_id: offerId, answer, lead_ms: leadMs, key });
    this.labels.set(key, said.id);
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
    if (this.waiting.some((op) => op.kind === "undo")) return; // the order matters: next time
    for (const { offerId, answer, leadMs, key } of this.waiting.slice(0, 20)) {
      const body = { offer_id: offerId, answer, lead_ms: leadMs, key };
      call("POST", `${this.api}/labels`, body, { keepalive: true }).catch(() => {});
    }
  }
}
