// The line at the bottom: what is unsent, what just happened, what the loop does.

import { make } from "./make.js";
import { unsent } from "./words.js";

/** Says one thing at a time, the most pressing first; it never blinks. */
export class State {
  constructor({ signIn }) {
    this.signIn = signIn;
    this.line = document.querySelector("[data-state]");
    this.notice = null;
    this.news = "";
    this.outbox = null;
  }

  inform(text, tone = "") {
    this.notice = text ? { text, tone } : null;
    this.tell();
  }

  report(news) {
    this.news = news;
    this.tell();
  }

  tell() {
    const { outbox } = this;
    const late = outbox?.size && (outbox.trouble || outbox.size > 1);
    const [text, tone] = late ? [unsent(outbox), "warn"] : this.notice ? [this.notice.text, this.notice.tone] : [this.news, ""];
    this.line.className = `state small ${tone}`;
    const signedOut = late && outbox.trouble?.status === 401;
    if (this.line.firstChild?.data === text && Boolean(this.line.querySelector("a")) === Boolean(signedOut)) return;
    this.line.textContent = text;
    if (!signedOut) return;
    const link = make("a", "", "Sign in again");
    link.href = this.signIn;
    this.line.append(" ", link);
  }
}
