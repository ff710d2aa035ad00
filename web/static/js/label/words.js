// The sentences of the labelling page.

import { clock } from "../api.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

function span(seconds) {
  if (seconds < MINUTE) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} days`;
}

/** Say how this sample came to be asked for. */
export function origin(offer) {
  if (!offer.ranked_at) return offer.because || offer.strategy;
  const age = span((clock.now() - Date.parse(offer.ranked_at)) / 1000);
  const ranked = offer.scope === "head" ? "top of the queue ranked" : "ranked"; // the full sweep follows
  if (offer.version) return `${offer.strategy} · ${ranked} by version ${offer.version}, ${age} ago`;
  return `${offer.because || offer.strategy} · ranked ${age} ago`; // before any version the reason names the strategy
}

/** Say what somebody answered. */
export function said(answer) {
  if (answer.skip) return "skipped";
  const names = answer.labels ?? [answer.label];
  return names.length ? names.join(", ") : "none of them";
}

function ago(moment) {
  const seconds = (clock.now() - moment) / 1000;
  return seconds < 10 ? "just now" : `${span(seconds)} ago`;
}

/** Say what one answered to a sample that is in sight again. */
export function recalled(entry) {
  const note = entry.note ? ` (${entry.note})` : "";
  return `Your answer, ${ago(entry.at)}: ${said(entry.answer)}${note}. Choose again to change it.`;
}

/** Say what is unsent, and why. */
export function unsent(outbox) {
  const answers = `${outbox.size} ${outbox.size === 1 ? "answer" : "answers"} unsent`;
  if (!outbox.trouble) return answers;
  if (outbox.trouble.status === 401) return `${answers}: you are signed out.`;
  if (outbox.trouble.status === 0) return `${answers}: no connection. They are kept on this device; go on.`;
  return `${answers}: ${outbox.trouble.message} Trying again.`;
}

/** Say what the server would not take. */
export function refusal(op, error) {
  const what = { answer: "An answer was not taken", revise: "A change was not taken", undo: "The answer could not be taken back", flag: "A flag was not taken" };
  return `${what[op.kind]}: ${error.message}`;
}

/** Say what the loop does meanwhile; empty when it rests. */
export function training(status) {
  const run = status.runs[0];
  if (!run || (run.status !== "running" && run.status !== "queued")) return "";
  const last = Math.max(0, ...status.runs.map((each) => each.version ?? 0), status.learner?.number ?? 0, status.champion?.number ?? 0);
  if (run.status === "queued") return `Version ${last + 1} waits for a worker; you can go on.`;
  return `Training version ${last + 1}… you can go on.`;
}
