// The guidelines of the project, and what is new in them since somebody last looked.

import { call } from "../api.js";
import { safe } from "./safe.js";

/** The dialog with the guidelines; a quiet notice when they changed. */
export class Guidelines {
  constructor({ api }) {
    this.api = api;
    this.dialog = document.getElementById("guidelines");
    this.body = this.dialog.querySelector("[data-guide]");
    this.news = this.dialog.querySelector("[data-guide-news]");
    this.notice = document.querySelector("[data-guide-notice]");
    this.number = 0;
    this.seen = 0;
    this.notice.addEventListener("click", () => this.open());
  }

  /** Ask for them once the first sample is in sight; until then the page's own text stands. */
  async load() {
    try {
      const told = await call("GET", `${this.api}/guidelines`);
      this.number = told.number;
      this.seen = told.seen ?? told.number;
      if (told.html) this.body.replaceChildren(safe(told.html));
      this.body.classList.toggle("plain-text", !told.html);
      this.news.hidden = !told.changed;
      if (told.changed) this.news.querySelector("[data-guide-changed]").replaceChildren(safe(told.changed));
      this.notice.hidden = !told.changed;
      // who begins with these is to hear of later changes
      if (told.seen === null && told.number) this.mark();
    } catch {
      // what the page came with stays
    }
  }

  open() {
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.notice.hidden = true;
    if (this.number > this.seen) this.mark();
  }

  mark() {
    this.seen = this.number;
    call("POST", `${this.api}/guidelines/seen`, { number: this.number }).catch(() => {});
  }
}
