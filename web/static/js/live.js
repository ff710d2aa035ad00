// Keep a part of the page up to date: fetch it again, and change only what differs.

import { morph } from "./morph.js";

const PAUSE = 2500;
const LONGEST_PAUSE = 30000;

/**
 * Refresh `element` from its data-url until `done(element)` says that it is final.
 *
 * @param {HTMLElement} element what is refreshed
 * @param {{changed?: () => void, done?: (fresh: HTMLElement) => boolean, offline?: (is: boolean) => void}} tell
 * @returns {() => void} a function that refreshes at once
 */
export function live(element, { changed = () => {}, done = () => false, offline = () => {} } = {}) {
  let pause = PAUSE;
  let timer = 0;
  let latest = 0;

  async function refresh() {
    clearTimeout(timer);
    const mine = ++latest;
    try {
      const answer = await fetch(element.dataset.url, {
        headers: { Accept: "text/html" },
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(15000),
      });
      if (!answer.ok || answer.redirected) throw new Error(`answered ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== latest) return;
      const fresh = page.getElementById(element.id) ?? page.body;
      morph(element, fresh, { attributes: fresh !== page.body });
      pause = PAUSE;
      offline(false);
      changed();
      if (done(element)) return;
    } catch {
      if (mine !== latest) return;
      pause = Math.min(pause * 1.7, LONGEST_PAUSE);
      offline(true);
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, pause);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !done(element)) refresh();
  });
  if (!done(element)) plan();
  return refresh;
}
