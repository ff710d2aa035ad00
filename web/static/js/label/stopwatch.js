// How long a sample was in sight: without the time on other samples, or behind another window.

export class Stopwatch {
  constructor() {
    this.before = 0;
    this.since = null;
    this.on = false;
    document.addEventListener("visibilitychange", () => this.turn());
  }

  start() {
    this.before = 0;
    this.since = null;
    this.go();
  }

  go() {
    this.on = true;
    this.turn();
  }

  stop() {
    this.on = false;
    this.turn();
  }

  turn() {
    const now = performance.now();
    if (this.since !== null) this.before += now - this.since;
    this.since = this.on && !document.hidden ? now : null;
  }

  /** Milliseconds. */
  get elapsed() {
    this.turn();
    return Math.round(this.before);
  }
}
