// The sentences of the labelling page.

import { clock } from "../api.js";

const MINUTE = 60;
const HOUR = 3600;

function span(seconds) {
  if (seconds < MINUTE) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return `${Math.floor(seconds / HOUR)} h`;
}

/** Say how this sample came to be asked for. */
export function origin(offer) {
  if (!offer.ranked_at) return offer.because || offer.strategy;
  const age = span((clock.now() - Date.parse(offer.ranked_at)) / 1000);
  const ranked = offer.scope === "head" ? "top of the queue ranked" : "ranked"; // the full sweep follows
  if (offer.version) return `${offer.strategy} · ${ranked} by version ${offer.version}, ${age} ago`;
  return `${offer.because || offer.strategy} · ranked ${age} ago`; // before any version the reason names the strategy
}

/** Say what is unsent, and why. */
export function unsent(outbox) {
  const answers = `${outbox.size} ${outbox.size === 1 ? "answer" : "answers"} unsent`;
  if (!outbox.trouble) return answers;
  if (outbox.trouble.status === 401) return `${answers}: you are signed out.`;
  if (outbox.trouble.status === 0) return `${answers}: no connection. They are kept on this device; go on.`;
  return `${answers}: ${outbox.trouble.message} Trying again.`;
}

/** Say what the loop does meanwhile; empty when it rests. */
export function training(status) {
  const run = status.runs[0];
  if (!run || (run.status !== "running" && run.status !== "queued")) return "";
  const last = Math.max(0, ...status.runs.map((each) => each.version ?? 0), status.learner?.number ?? 0, status.champion?.number ?? 0);
  if (run.status === "queued") return `Version ${last + 1} waits for a worker; you can go on.`;
  return `Training version ${last + 1}… you can go on.`;
}
