// Samples in hand: a few more than the one that is shown, under short leases.

import { call, clock } from "../api.js";

export const LEASE = 120; // seconds; what a closed or forgotten page leaves is soon with others
const AHEAD = 6;
const LOW = 4;
const MOST = 100;
const MARGIN = 1500;

/** Holds offers, and asks for more before they run out. */
export class Buffer {
  /** @param {{api: string, taken: () => number[], prepare: (offer: object) => void, offline: () => boolean}} around */
  constructor({ api, taken, prepare, offline }) {
    Object.assign(this, { api, taken, prepare, offline });
    this.offers = [];
    this.waitingFor = null;
    this.asking = null;
  }

  get low() {
    return this.offers.length < LOW;
  }

  /** Give the next offer whose lease still holds, or undefined. */
  take() {
    const now = clock.now() + MARGIN;
    // without a connection one goes on with what is here: a late answer counts while it is wanted
    if (!this.offline()) this.offers = this.offers.filter((offer) => Date.parse(offer.leased_until) > now);
    return this.offers.shift();
  }

  putBack(offer) {
    this.offers.unshift(offer);
  }

  /** Take the word of a heartbeat: until when what is held is leased, and what is lost. */
  keep(asked, kept) {
    this.offers = this.offers.filter((offer) => !asked.includes(offer.id) || offer.id in kept);
    for (const offer of this.offers) offer.leased_until = kept[offer.id] ?? offer.leased_until;
  }

  /** Ask until the buffer is full again; also prolongs the leases of what is held. */
  refill() {
    this.asking ??= this.ask().finally(() => { this.asking = null; });
    return this.asking;
  }

  async ask() {
    // the server counts what is shown and what is answered but not yet acknowledged as held
    const count = Math.min(MOST, AHEAD + this.taken().length);
    // what we knew of when we asked may have been answered by the time the list comes back
    const known = new Set([...this.taken(), ...this.offers.map((offer) => offer.id)]);
    const said = await call("POST", `${this.api}/offers`, { count, seconds: LEASE });
    for (const id of this.taken()) known.add(id);
    const held = new Map(this.offers.map((offer) => [offer.id, offer]));
    for (const offer of said.offers) {
      if (held.has(offer.id)) held.get(offer.id).leased_until = offer.leased_until;
      else if (!known.has(offer.id)) {
        this.offers.push(offer);
        this.prepare(offer);
      }
    }
    this.waitingFor = said.waiting_for;
  }

  /** Forget everything and give it back, as the page closes. */
  release(shown) {
    const offerIds = [...this.offers, ...(shown ? [shown] : [])].map((offer) => offer.id);
    this.offers = [];
    if (!offerIds.length) return;
    call("POST", `${this.api}/offers/release`, { offer_ids: offerIds }, { keepalive: true }).catch(() => {});
  }
}
