// The pool browser: choose samples, see what an action would touch, confirm; all by keys, too.

import { call } from "../api.js";
import { ask } from "./preview.js";
import { Ticks } from "./ticks.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/samples/actions`;
const said = main.querySelector("[data-said]");
const whole = main.querySelector("[data-whole]");
const chosen = main.querySelector("[data-chosen]");
const buttons = [...main.querySelectorAll("[data-act]")];
const KEPT = "activeloop.samples";

const DONE = {
  flag: "flagged",
  review: "sent to review",
  remove: "removed; they can be restored",
  restore: "in the pool again",
  gold: "gold now",
};

const ticks = new Ticks(main, changed);

function changed() {
  const count = ticks.ids.length;
  const any = whole.checked || count > 0;
  for (const button of buttons) button.disabled = !any;
  chosen.textContent = whole.checked ? "All that fit" : count ? `${count} chosen` : "";
}

whole.addEventListener("change", changed);
changed();

function say(words, tone = "") {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

function selection() {
  return whole.checked ? { filter: JSON.parse(main.dataset.filter) } : { ids: ticks.ids };
}

async function act(action) {
  try {
    const shown = await call("POST", api, { action, preview: true, ...selection() }, { timeout: 120000 });
    const note = await ask(shown);
    if (note === null) return;
    const body = { action, preview: false, token: shown.token, note };
    const { done } = await call("POST", api, body, { timeout: 300000 });
    sessionStorage.setItem(KEPT, `${done.toLocaleString("en")} ${done === 1 ? "sample is" : "samples are"} ${DONE[action]}.`);
    location.reload();
  } catch (error) {
    say(error.message, "bad");
  }
}

for (const button of buttons) button.addEventListener("click", () => act(button.dataset.act));

const open = [...main.querySelectorAll("[data-open]")];

/** Go up or down the list by so many samples. */
function walk(by) {
  const at = open.findIndex((each) => each.closest("li").contains(document.activeElement));
  const to = at < 0 ? (by > 0 ? 0 : open.length - 1) : at + by;
  open[Math.max(0, Math.min(open.length - 1, to))]?.focus();
}

const KEYS = {
  "/": () => document.getElementById("q").focus(),
  j: () => walk(1),
  k: () => walk(-1),
  x: () => document.activeElement.closest("[data-id]")?.querySelector("[data-tick]").click(),
  n: () => main.querySelector("[data-next]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

// an address without what was not asked for can be read, kept and sent on
main.querySelector("[data-filters]").addEventListener("submit", (event) => {
  for (const field of event.target.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
});
addEventListener("pageshow", () => {
  for (const field of main.querySelector("[data-filters]").elements) field.disabled = false;
});

say(sessionStorage.getItem(KEPT) ?? "", "good");
sessionStorage.removeItem(KEPT);
