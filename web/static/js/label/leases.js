// The heartbeat: whoever is here keeps the samples in hand, whoever left loses them in two minutes.

import { call } from "../api.js";
import { LEASE } from "./buffer.js";

const EVERY = 30000;
const FORGOTTEN = 600000; // a page in sight that nobody touches
const HIDDEN = 120000; // a page behind another one
const SEEN = ["keydown", "pointerdown", "wheel"];

/** Prolongs the leases of what is held while somebody is there. */
export class Leases {
  /**
   * @param {{api: string, held: () => number[], told: (asked: number[], kept: object, away: boolean) => void}} around
   *   `told` hears what was asked for, what is kept, and whether the leases had run out meanwhile
   */
  constructor({ api, held, told }) {
    Object.assign(this, { api, held, told });
    this.used = Date.now();
    this.beaten = Date.now();
    this.timer = setInterval(() => this.present && this.beat(), EVERY);
    for (const sign of SEEN) addEventListener(sign, () => this.touch(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => document.hidden || this.touch());
  }

  get present() {
    return Date.now() - this.used < (document.hidden ? HIDDEN : FORGOTTEN);
  }

  /** Somebody is here; after a pause, find out at once what is still held. */
  touch() {
    this.used = Date.now();
    if (Date.now() - this.beaten > 2 * EVERY) this.beat();
  }

  async beat() {
    const away = Date.now() - this.beaten > 1000 * LEASE;
    const asked = this.held();
    this.beaten = Date.now();
    if (!asked.length) return;
    try {
      const { kept } = await call("POST", `${this.api}/offers/keep`, { offer_ids: asked, seconds: LEASE });
      this.told(asked, kept, away);
    } catch {
      // the outbox and the buffer say what is wrong with the connection
    }
  }
}
