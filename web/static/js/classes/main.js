// Change the classes: first see what is touched, then confirm; and say what annotators are told.

import { call } from "../api.js";
import { make } from "../label/make.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/label-set`;
const form = document.getElementById("change");
const news = document.getElementById("news");
const effect = main.querySelector("[data-effect]");
const said = main.querySelector("[data-said]");
let wanted = null;
let seen = Number(main.dataset.seen);

const KINDS = {
  rename: { olds: "Which class", one: true, news: "New name", hint: "One name." },
  merge: { olds: "Which classes", one: false, news: "Becomes", hint: "One name: a new one, or one of the classes." },
  split: { olds: "Which class", one: true, news: "Becomes", hint: "One name a line, two or more. The old name may be one of them." },
  add: { olds: "", one: false, news: "New classes", hint: "One name a line." },
  retire: { olds: "Which class", one: false, news: "", hint: "" },
};

function say(words, tone = "") {
  said.textContent = words;
  said.className = `notice ${tone}`;
  if (words) said.scrollIntoView({ block: "nearest" });
}

function kind() {
  return form.elements.kind.value;
}

function suit() {
  const told = KINDS[kind()];
  main.querySelector("[data-olds]").hidden = !told.olds;
  main.querySelector("[data-olds-title]").textContent = told.olds;
  main.querySelector("[data-news]").hidden = !told.news;
  main.querySelector("[data-news-title]").textContent = told.news;
  main.querySelector("[data-news-hint]").textContent = told.hint;
  for (const each of form.elements.old) each.type = told.one ? "radio" : "checkbox";
  effect.hidden = true;
}

function asked() {
  const chosen = [...form.elements.old].filter((each) => each.checked).map((each) => each.value);
  const named = news.value.split("\n").map((line) => line.trim()).filter(Boolean);
  return { kind: kind(), classes: kind() === "add" ? [] : chosen, into: kind() === "retire" ? [] : named };
}

function counted(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function facts(told) {
  const list = [
    `${counted(told.samples, "sample was", "samples were")} ever given one of these classes, in ${counted(told.answers, "answer", "answers")}`,
    told.relabelled ? `${counted(told.relabelled, "label changes", "labels change")}` : "no label changes",
  ];
  if (told.void) list.push(`${counted(told.void, "answer no longer stands", "answers no longer stand")}`);
  if (told.requeued) list.push(`${counted(told.requeued, "sample is", "samples are")} asked again`);
  if (told.agreed) list.push(`${counted(told.agreed, "disagreement is", "disagreements are")} settled by it`);
  if (told.gold) list.push(`${counted(told.gold, "gold sample", "gold samples")}, of which ${told.gold_lost} will be gold no more`);
  if (told.queue) list.push(`${counted(told.queue, "suggestion is", "suggestions are")} cleared from the queue`);
  if (told.versions.length) list.push(`versions that know ${told.classes > 1 ? "them" : "it"}: ${told.versions.join(", ")}; a full run is asked for`);
  return list;
}

function words(sample) {
  const { text, name, fields } = sample.payload;
  return String(text ?? name ?? JSON.stringify(fields ?? sample.payload)).slice(0, 300);
}

function showEffect(told) {
  effect.hidden = false;
  effect.querySelector("#effect-title").textContent = told.sentence;
  effect.querySelector("[data-effect-list]").replaceChildren(...facts(told).map((each) => make("li", "", each)));
  effect.querySelector("[data-effect-examples]").replaceChildren(
    ...told.examples.map((each) => {
      const quote = make("blockquote", "", words(each));
      quote.dir = "auto";
      return quote;
    }),
  );
  effect.focus();
}

form.addEventListener("change", (event) => {
  if (event.target.name === "kind") suit();
  effect.hidden = true;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wanted = asked();
  try {
    const told = await call("POST", api, { change: wanted, preview: true });
    seen = told.seen;
    say("");
    showEffect({ ...told, classes: wanted.classes.length });
  } catch (error) {
    effect.hidden = true;
    say(error.message, "bad");
  }
});

main.querySelector("[data-cancel]").addEventListener("click", () => {
  effect.hidden = true;
});

main.querySelector("[data-apply]").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    const told = await call("POST", api, { change: wanted, seen }, { timeout: 120000 });
    const run = told.run ? ` Run ${told.run} learns it.` : "";
    sessionStorage.setItem("activeloop.classes", `Done: ${told.sentence}.${run}`);
    location.reload();
  } catch (error) {
    say(error.message, "bad");
    event.target.disabled = false;
  }
});

function detail(element) {
  const field = (name) => element.querySelector(`[data-field="${name}"]`).value.trim();
  return {
    color: field("color"),
    key: field("key"),
    group: field("group"),
    description: field("description"),
    examples: field("examples").split("\n").map((line) => line.trim()).filter(Boolean),
  };
}

document.getElementById("details").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = [...event.target.querySelectorAll("[data-detail]")].map((each) => [each.dataset.detail, detail(each)]);
  try {
    // not by assignment: a class may be called __proto__
    await call("POST", `${api}/details`, { details: Object.fromEntries(told) });
    sessionStorage.setItem("activeloop.classes", "Saved. Annotators see it with their next page.");
    location.reload();
  } catch (error) {
    say(error.message, "bad");
  }
});

for (const swatch of main.querySelectorAll("[data-color]")) {
  if (swatch.dataset.color) swatch.style.setProperty("--swatch", swatch.dataset.color);
}
suit();
say(sessionStorage.getItem("activeloop.classes") ?? "", "good");
sessionStorage.removeItem("activeloop.classes");
