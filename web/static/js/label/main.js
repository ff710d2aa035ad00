// The labelling page: show a sample, take an answer, show the next at once.

import { call } from "../api.js";
import { Buffer } from "./buffer.js";
import { Choices } from "./choices.js";
import { meaning } from "./keys.js";
import { Outbox } from "./outbox.js";
import { drawn, imageUrl } from "./sample.js";
import { Shelf, uuid } from "./shelf.js";
import { origin, training, unsent } from "./words.js";

const page = document.getElementById("main");
const { project, user, kind, signIn } = page.dataset;
const api = `/api/v1/projects/${project}`;
const part = (name) => document.querySelector(`[data-${name}]`);
const UNSENT_AFTER = 700;
const RETRY = 2500;
const STATUS_EVERY = 4000;
const LEASE_EVERY = 60000;

let shown = null; // {offer, since}
let past = []; // what was answered on this page: {offer, key, label}
let mine = 0;
let news = ""; // what the loop does
let notice = null; // a passing message: {text, tone}
let retry = 0;

const outbox = new Outbox({
  api,
  shelf: new Shelf(user, project),
  changed: () => setTimeout(tell, outbox?.size ? UNSENT_AFTER : 0),
  acknowledged: () => tell(),
  refused: (op, error) => {
    past = past.filter((each) => each.key !== op.key);
    if (op.kind === "answer" && op.answer.label) mine -= 1;
    const what = op.kind === "undo" ? "The answer could not be taken back" : "An answer was not taken";
    inform(`${what}: ${error.message}`, "bad");
  },
});

const buffer = new Buffer({
  api,
  taken: () => [...outbox.offerIds, ...(shown ? [shown.offer.id] : [])],
  prepare: (offer) => {
    if (kind === "image") new Image().src = imageUrl(api, offer.sample);
  },
});

const choices = new Choices({ pick: (label) => answer({ label }) });

function show(offer) {
  shown = { offer, since: performance.now() };
  part("sample").replaceChildren(drawn(kind, offer.sample, api));
  part("sample").scrollTop = 0;
  part("sample").dataset.offer = offer.id;
  part("origin").textContent = origin(offer);
  part("skip").disabled = false;
}

function wait(sentence) {
  shown = null;
  const words = document.createElement("p");
  words.className = "waiting";
  words.textContent = sentence;
  part("sample").replaceChildren(words);
  delete part("sample").dataset.offer;
  part("origin").textContent = "";
  part("skip").disabled = true;
}

/** Show the next sample in hand; fetch more when few are left. */
function next() {
  const offer = buffer.take();
  if (offer) show(offer);
  else wait(buffer.waitingFor ?? "Fetching the next sample…");
  if (!offer || buffer.low) fetchMore();
}

async function fetchMore() {
  clearTimeout(retry);
  try {
    await buffer.refill();
    if (shown) return;
    const offer = buffer.take();
    if (offer) return show(offer);
    wait(buffer.waitingFor ?? "Nothing to label at the moment.");
  } catch (error) {
    if (!shown) wait(error.status === 0 ? "No connection. The next sample comes as soon as it is back." : error.message);
    if (error.status === 401) location.assign(signIn);
  }
  retry = setTimeout(() => { if (!shown || buffer.low) fetchMore(); }, RETRY);
}

function answer(given) {
  if (!shown) return;
  const { offer, since } = shown;
  const key = uuid();
  notice = null;
  choices.remind(null);
  past.push({ offer, key, label: given.label ?? null });
  if (given.label) mine += 1;
  shown = null;
  outbox.add({ kind: "answer", key, offerId: offer.id, answer: given, leadMs: Math.round(performance.now() - since) });
  next();
  tell();
}

function undo() {
  const last = past.pop();
  if (!last) return inform("There is nothing to take back on this page.");
  if (shown) buffer.putBack(shown.offer);
  if (last.label !== null) mine -= 1;
  outbox.takeBack(last.key);
  show(last.offer);
  choices.remind(last.label);
  inform(last.label === null ? "Took the skip back." : `Took back: ${last.label}`);
}

function inform(text, tone = "") {
  notice = { text, tone };
  tell();
}

function tell() {
  const late = outbox.size && (outbox.trouble || outbox.size > 1);
  const [text, tone] = late ? [unsent(outbox), "warn"] : notice ? [notice.text, notice.tone] : [news, ""];
  const state = part("state");
  state.className = `state small ${tone}`;
  if (state.textContent !== text) state.textContent = text;
  if (late && outbox.trouble?.status === 401 && !state.querySelector("a")) {
    const link = document.createElement("a");
    link.href = signIn;
    link.textContent = "Sign in again";
    state.append(" ", link);
  }
  part("mine").textContent = String(mine);
  part("undo").disabled = past.length === 0;
}

async function follow() {
  if (!document.hidden) {
    try {
      const status = await call("GET", `${api}/status`);
      const { labelled, samples } = status.counts;
      part("total").textContent = `${labelled.toLocaleString("en")} of ${samples.toLocaleString("en")}`;
      part("bar").max = samples || 1;
      part("bar").value = labelled;
      news = training(status);
      tell();
    } catch {
      // the outbox and the buffer say what is wrong with the connection
    }
  }
  setTimeout(follow, STATUS_EVERY);
}

const acts = {
  choose: ({ key }) => choices.press(key),
  skip: () => answer({ skip: true }),
  undo,
  help: () => document.getElementById("keys").showModal(),
  filter: ({ text }) => choices.open(text),
  nothing: () => {},
};

document.addEventListener("keydown", (event) => {
  const command = meaning(event, choices);
  if (!command) return;
  event.preventDefault();
  acts[command.act](command);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-skip]")) acts.skip();
  if (button?.matches("[data-undo]")) undo();
  if (button?.matches("[data-help]")) acts.help();
  if (event.detail > 0) button?.blur(); // a mouse click leaves the keys to the page
});

addEventListener("pagehide", () => {
  outbox.flush();
  buffer.release(shown?.offer);
  shown = null;
});
addEventListener("pageshow", (event) => event.persisted && next());
setInterval(() => { if (shown && !document.hidden) buffer.refill().catch(() => {}); }, LEASE_EVERY);

outbox.hurry();
next();
follow();
