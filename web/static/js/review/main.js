// Adjudication by keys: one review after the other, the next one fetched while this one is read.

import { call } from "../api.js";
import { Choices } from "./choices.js";
import { show } from "./view.js";

const PAGE = 50;
const main = document.getElementById("main");
const { project, kind, answer, reason } = main.dataset;
const api = `/api/v1/projects/${project}`;
const page = main.querySelector("[data-review]");
const note = main.querySelector("[data-note]");
const state = main.querySelector("[data-said-last]");
const act = (name) => main.querySelector(`[data-act="${name}"]`);

let waiting = []; // the ids of open reviews, as far as they were listed
let at = 0;
let more = true;
let busy = false;
let key = crypto.randomUUID();
const fetched = new Map();

const choices = new Choices({ several: answer === "several", changed: () => ready() });

function ready() {
  act("decide").disabled = busy || !choices.answer;
}

function say(words, tone = "") {
  state.textContent = words;
  state.className = `notice state ${tone}`;
}

async function list() {
  const after = waiting.at(-1) ?? 0;
  const query = new URLSearchParams({ after, count: PAGE, ...(reason ? { reason } : {}) });
  const told = await call("GET", `${api}/reviews?${query}`);
  waiting.push(...told.reviews.map((each) => each.id));
  more = told.reviews.length === PAGE;
  count(told.counts);
}

function count(counts) {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  for (const each of main.querySelectorAll("[data-count]")) {
    each.textContent = (each.dataset.count ? counts[each.dataset.count] : all).toLocaleString("en");
  }
}

function fetchOne(id) {
  if (!fetched.has(id)) {
    const asked = call("GET", `${api}/reviews/${id}`);
    asked.catch(() => fetched.delete(id));
    fetched.set(id, asked);
  }
  return fetched.get(id);
}

async function go(place) {
  if (more && place >= waiting.length - 3) await list();
  at = Math.max(0, Math.min(place, waiting.length - 1));
  page.hidden = waiting.length === 0;
  main.querySelector("[data-nothing]").hidden = waiting.length > 0;
  if (!waiting.length) return;
  const id = waiting[at];
  const review = await fetchOne(id);
  if (waiting[at] !== id) return; // somebody was faster with the arrow keys
  if (review.state !== "open") {
    forget(id); // closed with another review of the same sample, or by somebody else
    return go(at);
  }
  show(page, review, { kind, api });
  page.dataset.shown = id;
  key = crypto.randomUUID();
  note.value = "";
  choices.touched = false;
  choices.set(answer === "several" ? review.consensus.labels : []);
  act("back").disabled = at === 0;
  act("forward").disabled = at >= waiting.length - 1 && !more;
  main.querySelector("[data-place]").textContent = `${at + 1} of ${waiting.length}${more ? " and more" : ""}`;
  count(review.open);
  if (waiting[at + 1] !== undefined) fetchOne(waiting[at + 1]).catch(() => {});
}

const DONE = { decide: "Decided", dismiss: "Dismissed", again: "Sent back for one more answer" };

async function rule(what) {
  if (busy || !waiting.length) return;
  const given = choices.answer;
  if (what === "decide" && !given) return;
  const body = { note: note.value, key, ...(what === "decide" ? { answer: given } : { [what]: true }) };
  busy = true;
  ready();
  const id = waiting[at];
  try {
    await call("POST", `${api}/reviews/${id}/decide`, body);
    say(`${DONE[what]}${what === "decide" ? `: ${(given.labels ?? [given.label]).join(", ") || "none of them"}` : ""}.`, "good");
    forget(id);
  } catch (error) {
    if (error.status !== 409) {
      say(error.message, "bad");
      return;
    }
    say(error.message, "warn");
    forget(id);
  } finally {
    busy = false;
    ready();
  }
  await go(at).catch(fail);
}

/** Take a review off the list. */
function forget(id) {
  fetched.clear(); // what was fetched ahead may be of the same sample, which is settled now
  waiting = waiting.filter((each) => each !== id);
}

function fail(error) {
  say(error.message, "bad");
}

const ACTS = {
  decide: () => rule("decide"),
  again: () => rule("again"),
  dismiss: () => rule("dismiss"),
  back: () => go(at - 1).catch(fail),
  forward: () => go(at + 1).catch(fail),
};
for (const [name, run] of Object.entries(ACTS)) act(name).addEventListener("click", run);
document.getElementById("classes").addEventListener("click", () => (choices.touched = true), { capture: true });

const KEYS = { Enter: "decide", ArrowLeft: "back", ArrowRight: "forward", a: "again", A: "again", x: "dismiss", X: "dismiss" };

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.metaKey || page.hidden) return;
  const typing = event.target.matches("input, textarea, select");
  if (typing) return typed(event);
  if (event.ctrlKey) return;
  const button = choices.byName(event.key);
  if (button) {
    choices.touched = true;
    choices.choose(button);
  } else if (event.key === "n" || event.key === "N") note.focus();
  else if (event.key === "/" && choices.filter) choices.filter.focus();
  else if (event.key === "Enter" && event.target.closest("button, a") && !(event.target.closest("[data-class]") && choices.answer)) return; // its own
  else if (KEYS[event.key]) ACTS[KEYS[event.key]]();
  else return;
  event.preventDefault();
});

function typed(event) {
  if (event.key === "Escape") event.target.blur();
  else if (event.key === "Enter" && event.ctrlKey) rule("decide");
  else if (event.key === "Enter" && event.target === choices.filter && choices.first()) {
    choices.touched = true;
    choices.choose(choices.first());
    event.target.blur();
  } else return;
  event.preventDefault();
}

go(0).catch(fail);
