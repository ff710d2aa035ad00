// Likely label errors: ask for a search, follow it, and send what it finds to review.

import { call } from "../api.js";
import { live } from "../live.js";
import { Ticks } from "./ticks.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/label-errors`;
const part = document.getElementById("live");
const said = main.querySelector("[data-said]");
const idle = (element) => element.querySelector("[data-state]")?.dataset.state === "idle";

function say(words, tone) {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

const ticks = new Ticks(main, changed);

function changed() {
  const send = main.querySelector("[data-send]");
  if (send) send.disabled = ticks.ids.length === 0;
}

const refresh = live(part, { changed, done: idle });
changed();

async function send(body) {
  const { sent } = await call("POST", `${api}/review`, body);
  say(sent ? `${sent} ${sent === 1 ? "sample was" : "samples were"} sent to review.` : "All that are listed are in review or settled anew.", sent ? "good" : "warn");
  ticks.all(false);
  refresh();
}

async function look() {
  await call("POST", api);
  say("The search is under way. It trains five models, which takes a while.", "");
  refresh();
}

main.addEventListener("click", async ({ target }) => {
  try {
    if (target.closest("[data-look]")) await look();
    else if (target.closest("[data-send]")) await send({ sample_ids: ticks.ids });
    else if (target.closest("[data-top]")) await send({ top: Number(target.closest("[data-top]").dataset.top) });
  } catch (error) {
    say(error.message, "bad");
  }
});
