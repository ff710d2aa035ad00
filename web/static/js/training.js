// The training page: what asks for a run, and the search for a better recipe.

import { call } from "./api.js";
import { confirmed } from "./confirm.js";

const SECOND = 1000;
const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}`;
const said = main.querySelector("[data-said]");
const field = (id) => document.getElementById(id);

function say(words, tone) {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

/** Send, and put what is wrong beside its field; what has no field is said at the top. */
async function send(method, path, body) {
  for (const each of main.querySelectorAll("[data-wrong]")) each.textContent = "";
  try {
    await call(method, path, body);
    return true;
  } catch (error) {
    const left = (error.problems ?? []).filter(({ where, problem }) => {
      const place = main.querySelector(`[data-wrong="${CSS.escape(where)}"]`);
      if (place) place.textContent = problem;
      return !place;
    });
    if (left.length || !error.problems?.length) say(error.message, "bad");
    return false;
  }
}

/** What stands in a number's field; null when nothing does. */
function number(id) {
  const { value } = field(id);
  return value.trim() === "" ? null : Number(value);
}

document.getElementById("retrain")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const points = number("on_drop");
  const retrain = {
    every: number("every"),
    schedule: field("schedule").value,
    on_drop: points === null ? null : points / 100,
    on_drift: field("on_drift").checked,
    mode: field("mode").value,
  };
  if (await send("PATCH", api, { retrain })) location.reload();
});

document.getElementById("search")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { trials: number("trials"), seconds: number("seconds") };
  if (await send("POST", `${api}/searches`, body)) location.reload();
});

main.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-adopt]");
  if (!button) return;
  const sure = await confirmed(
    `Adopt ${button.dataset.recipe}, rank ${button.dataset.adopt}?`,
    "It becomes the project's recipe, and a version is trained by it in full. The gate decides whether it answers.",
    "Adopt and train",
  );
  if (!sure) return;
  const rank = Number(button.dataset.adopt);
  if (await send("POST", `${api}/searches/adopt`, { rank })) {
    say("Adopted. The run is asked for; the loop page shows how it goes.", "good");
  }
});

async function follow(note) {
  try {
    const { state, tried } = await call("GET", `${api}/searches/newest`);
    if (state !== "running") return location.reload();
    const bar = note.querySelector("progress");
    bar.value = tried;
    note.firstChild.textContent = `${tried} of ${bar.max} recipes tried. `;
  } catch {
    // the next look may succeed
  }
  return setTimeout(follow, 2 * SECOND, note);
}

const searching = main.querySelector("[data-searching]");
if (searching) follow(searching);
