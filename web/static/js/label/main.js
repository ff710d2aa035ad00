// The labelling page: show a sample, take an answer, show the next at once.

import { Alike } from "./alike.js";
import { Buffer } from "./buffer.js";
import { Choices, sure } from "./choices.js";
import { Desk } from "./desk.js";
import { Flags, Reasons } from "./dialogs.js";
import { Filter } from "./filter.js";
import { Guidelines } from "./guidelines.js";
import { meaning } from "./keys.js";
import { Leases } from "./leases.js";
import { Outbox } from "./outbox.js";
import { Pace } from "./pace.js";
import { Past } from "./past.js";
import { imageUrl } from "./sample.js";
import { Settings } from "./settings.js";
import { Sheet } from "./sheet.js";
import { Shelf, uuid } from "./shelf.js";
import { State } from "./state.js";
import { View } from "./view.js";
import { refusal } from "./words.js";

const { project, user, kind, signIn, answer: kindOfAnswer, reasons, metadata, has } = document.getElementById("main").dataset;
const api = `/api/v1/projects/${project}`;
const part = (name) => document.querySelector(`[data-${name}]`);
const several = kindOfAnswer === "several";
const UNSENT_AFTER = 700;
const AT_FIRST_SIGHT = 350; // an Enter meant for the last sample takes no suggestion for this one

const settings = new Settings(user);
const state = new State({ signIn });
const alike = new Alike({ kind, api, settings });
const view = new View({ kind, api, metadata: JSON.parse(metadata), alike });
const past = new Past(api);
const inform = (text, tone) => state.inform(text, tone);

const outbox = new Outbox({
  api,
  shelf: new Shelf(user, project),
  changed: () => setTimeout(() => state.tell(), outbox?.size ? UNSENT_AFTER : 0),
  acknowledged: (op, said) => desk.acknowledged(op, said),
  refused: (op, error) => {
    desk.refused(op);
    inform(refusal(op, error), "bad");
    draw();
  },
});
state.outbox = outbox;

const buffer = new Buffer({
  api,
  taken: () => [...outbox.offerIds, ...(desk.offer ? [desk.offer.id] : [])],
  prepare: (offer) => {
    for (const sample of kind === "image" ? [offer.sample, ...(offer.group ?? [])] : []) new Image().src = imageUrl(api, sample);
  },
  offline: () => outbox.trouble?.status === 0,
});

const choices = new Choices({ several, answer: (given) => answer(given), changed: () => draw() });
const pace = new Pace({ api, state, classes: choices.names });
const filter = new Filter({ choices, submit: () => acts.submit() });
const desk = new Desk({ buffer, outbox, past, view, choices, alike, inform, signedOut: () => location.assign(signIn) });
const why = reasons === "none" ? null : new Reasons({ required: reasons === "required", skip: (note) => answer({ skip: true }, note) });
const flags = new Flags({ flag });
const guidelines = new Guidelines({ api });
const sheet = new Sheet({ settings, several, has: new Set(has.split(" ")), changed: () => obey() });
const leases = new Leases({
  api,
  held: () => [...buffer.offers, ...(desk.offer ? [desk.offer] : [])].map((offer) => offer.id),
  told: kept,
});

/** Go by the keys that are chosen. */
function obey() {
  choices.advance = sheet.goesOn;
  choices.tens = Boolean(sheet.preset.tens);
  choices.assign(filter.fitting);
  choices.draw();
}

function answer(given, note) {
  filter.clear();
  desk.answer(given, note);
  settings.set("begun", settings.get("begun") + 1);
  draw();
}

function flag(note) {
  if (!desk.sample) return;
  outbox.add({ kind: "flag", key: uuid(), sampleId: desk.sample.id, note });
  inform("Flagged for the reviewers.");
}

/** The server told which samples are still held. */
function kept(asked, held, away) {
  buffer.keep(asked, held);
  const { offer } = desk;
  if (!away || !offer || !asked.includes(offer.id) || offer.id in held) return;
  inform("The sample from before went back to the queue while you were away.");
  desk.next();
}

/** Show what can be done now. */
function draw() {
  const inHand = Boolean(desk.offer ?? desk.at);
  part("skip").disabled = !inHand;
  part("flag").disabled = !inHand;
  part("undo").disabled = !desk.done.length;
  part("forward").disabled = !desk.at;
  const { given } = choices;
  part("submit").hidden = !choices.collects || !inHand;
  part("submit").disabled = given === null;
  part("submit").classList.toggle("first", choices.chosen.size > 0);
  const words = given?.labels ? (given.labels.length ? `Submit ${given.labels.length}` : "Submit: none of them") : "Submit";
  part("submit-words").textContent = words;
  part("suggestion")?.classList.toggle("none", !choices.suggested.size);
  if (part("suggestion") && choices.suggested.size) {
    const told = [[...choices.suggested].join(", "), sure(choices.confidence)];
    part("suggestion-words").textContent = told.filter(Boolean).join(" · ");
  }
  pace.count(desk.mine);
}

const acts = {
  choose: ({ key }) => choices.press(key),
  submit: () => {
    if (!desk.offer && !desk.at) return;
    if (choices.given) return answer(choices.given);
    if (choices.suggested.size && desk.watch.elapsed > AT_FIRST_SIGHT) return acts.suggestion();
    if (!choices.suggested.size) inform("Choose a class first.");
  },
  suggestion: () => choices.take(),
  skip: () => desk.sample && (why ? why.open() : answer({ skip: true })),
  undo: () => { filter.clear(); Promise.resolve(desk.undo()).then(draw); draw(); },
  clear: () => choices.clear(),
  back: () => desk.back().then(draw),
  forward: () => { desk.forward(); draw(); },
  present: () => { desk.return(); filter.clear(); draw(); },
  filter: ({ text }) => filter.open(text),
  group: () => alike.toggle(),
  alike: () => alike.open(),
  flag: () => desk.sample && flags.open(),
  closer: () => view.picture?.zoom(1),
  farther: () => view.picture?.zoom(-1),
  fit: () => view.picture?.fit(),
  up: () => view.scroll(0, -1),
  down: () => view.scroll(0, 1),
  pageUp: () => view.scroll(-1, 0),
  pageDown: () => view.scroll(1, 0),
  send: () => outbox.hurry(),
  guidelines: () => guidelines.open(),
  help: () => sheet.open(),
  nothing: () => {},
};

document.addEventListener("keydown", (event) => {
  const command = meaning(event, {
    preset: sheet.preset,
    classKeys: choices.keys,
    filtering: filter.on,
    inPast: desk.at !== null,
    pictures: view.picture !== null,
    grouped: alike.there,
  });
  if (!command) return;
  event.preventDefault();
  acts[command.act](command);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.act) acts[button.dataset.act]({ text: "" });
  if (event.detail > 0) button?.blur(); // a mouse click leaves the keys to the page
});

addEventListener("pagehide", () => {
  outbox.flush();
  buffer.release(desk.offer);
  desk.offer = null;
});
addEventListener("pageshow", (event) => event.persisted && desk.next());

obey();
outbox.hurry();
desk.next();
const fingers = matchMedia("(hover: none) and (pointer: coarse)").matches;
if (settings.get("begun") < 3) inform(part(fingers ? "hint-touch" : "hint").textContent);
pace.start();
guidelines.load();
leases.touch();
