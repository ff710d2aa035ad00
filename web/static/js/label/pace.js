// How far one has come, how fast, and what one's answers changed.

import { call } from "../api.js";
import { training } from "./words.js";

const STATUS_EVERY = 6000;
const OWN_EVERY = 30000;
const OFTEN = 10; // answers after which one's own figures are asked for anew

const part = (name) => document.querySelector(`[data-${name}]`);

export class Pace {
  /** @param {{api: string, state: import("./state.js").State, classes: string[]}} around */
  constructor({ api, state, classes }) {
    Object.assign(this, { api, state, classes });
    this.mine = 0;
    this.known = null; // {at, today}: what the server told, and how many were mine then
    this.learned = "";
    this.asked = 0;
  }

  start() {
    this.follow();
    this.own();
  }

  /** So many answers were given on this page by now. */
  count(mine) {
    this.mine = mine;
    part("mine").textContent = String(mine);
    this.draw();
    if (this.known && Math.abs(mine - this.known.at) >= OFTEN && Date.now() - this.asked > 5000) this.own();
  }

  draw() {
    if (!this.known) return;
    const { today, at, perMinute } = this.known;
    part("today").textContent = ` · ${(today + this.mine - at).toLocaleString("en")} today`;
    part("pace").textContent = perMinute ? ` · ${perMinute >= 10 ? Math.round(perMinute) : perMinute} a minute` : "";
  }

  async own() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.own(), OWN_EVERY);
    if (document.hidden) return;
    this.asked = Date.now();
    const at = this.mine;
    try {
      const told = await call("GET", `${this.api}/me`);
      this.known = { at, today: told.today, perMinute: told.per_minute, ever: told.answers };
      this.learned = told.learned[0] ?? "";
      this.draw();
    } catch {
      // the outbox and the buffer say what is wrong with the connection
    }
  }

  /** Somebody may have renamed, merged or added classes since the page was loaded. */
  changed({ project }) {
    const same = project.classes.length === this.classes.length && project.classes.every((name) => this.classes.includes(name));
    return same ? "" : "The classes of this project have changed: reload the page to see them.";
  }

  async follow() {
    if (!document.hidden) {
      try {
        const status = await call("GET", `${this.api}/status`);
        const { labelled, samples } = status.counts;
        part("total").textContent = `${labelled.toLocaleString("en")} of ${samples.toLocaleString("en")}`;
        part("bar").max = samples || 1;
        part("bar").value = labelled;
        this.state.report(this.changed(status) || training(status) || this.learned);
      } catch {
        // as above
      }
    }
    setTimeout(() => this.follow(), STATUS_EVERY);
  }
}
