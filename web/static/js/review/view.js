// Show a review: whatever people or a model said goes in as text.

import { drawn } from "../label/sample.js";
import { make } from "../label/make.js";

const KINDS = {
  answer: "answered",
  propagated: "answered with a near-duplicate",
  imported: "came with the file",
  decision: "decided by a reviewer",
  skip: "skipped",
  flag: "flagged",
  again: "asked for one more answer",
};
const REASONS = {
  disagreement: "People disagree",
  suspected: "The label is likely wrong",
  flag: "Flagged",
  asked: "Sent here",
};

/** Fill the page with one review. */
export function show(page, review, { kind, api }) {
  page.querySelector("[data-why]").replaceChildren(...review.reasons.map(why));
  page.querySelector("[data-sample]").replaceChildren(drawn(kind, review.sample, api).element);
  page.querySelector("[data-sentence]").textContent = review.sentence;
  page.querySelector("[data-said]").replaceChildren(...review.said.map(said));
  page.querySelector("[data-model]").replaceChildren(...model(review.model));
}

function why({ reason, detail, by }) {
  const told = Object.entries(detail ?? {})
    .filter(([name, value]) => name !== "note" && ["string", "number", "boolean"].includes(typeof value))
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "number" ? Number(value.toPrecision(3)) : value}`)
    .join(" · ");
  const words = [by ? `by ${by}` : "", detail?.note ? `“${detail.note}”` : "", told].filter(Boolean).join(" · ");
  return make("li", "", make("span", "tag warn", REASONS[reason] ?? reason), words);
}

function said(each) {
  const element = make("li", each.void || !each.counted ? "void" : "");
  const value = each.labels.length ? each.labels.join(", ") : each.was ?? (each.kind === "answer" ? "none of them" : KINDS[each.kind] ?? each.kind);
  const answer = make("p", "answer", value);
  answer.dir = "auto";
  element.append(make("p", "small", each.who ?? "the file"), answer, make("p", "small quiet", facts(each)));
  if (each.note) {
    const note = make("p", "small", `“${each.note}”`);
    note.dir = "auto";
    element.append(note);
  }
  return element;
}

function facts(each) {
  const rate = each.reliability?.value;
  return [
    each.labels.length || each.was ? KINDS[each.kind] ?? each.kind : "",
    each.lead_ms === null ? "" : `took ${(each.lead_ms / 1000).toFixed(1)} s`,
    typeof rate === "number" ? `right in about ${Math.round(100 * rate)} %` : "",
    each.was && !each.void ? `said “${each.was}”, as it was called then` : "",
    each.void ? "no longer stands: the class was changed" : "",
    !each.counted && each.kind === "answer" ? "came when the sample had all its answers" : "",
    each.suggested ? `saw the model's “${each.suggested}”` : "",
    new Date(each.at).toLocaleString(),
  ].filter(Boolean).join(" · ");
}

function model(opinion) {
  if (!opinion) return [];
  const said = opinion.labels.length ? opinion.labels.join(", ") : "none of the classes of today";
  const list = make("dl", "small");
  for (const { name, probability } of opinion.likeliest) {
    const bar = make("progress", "");
    Object.assign(bar, { max: 1, value: probability });
    bar.setAttribute("aria-label", `${name}: ${probability.toFixed(2)}`);
    const term = make("dt", "", name);
    term.dir = "auto";
    list.append(term, make("dd", "", bar), make("dd", "number", probability.toFixed(2)));
  }
  const line = `Version ${opinion.version} says ${said}, ${opinion.sure ? "sure" : "unsure"} (${opinion.confidence.toFixed(2)}; uncertainty ${opinion.uncertainty.toFixed(2)} of 1)`;
  return [make("p", "small", line), list];
}
