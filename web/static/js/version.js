// A version's page: bring it back, pin it, note something down.

import { call } from "./api.js";
import { confirmed } from "./confirm.js";
import { keepPlots } from "./plots/main.js";

const main = document.getElementById("main");
const { project, version } = main.dataset;
const api = `/api/v1/projects/${project}/versions/${version}`;
const said = main.querySelector("[data-said]");

function say(words, tone) {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

async function act(method, path, body, words) {
  try {
    await call(method, path, body);
    if (words) say(words, "good");
    else location.reload();
  } catch (error) {
    say(error.message, "bad");
  }
}

main.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { pin, promote } = button.dataset;
  if (pin) await act("PATCH", api, { pinned: pin === "true" });
  if ("notes" in button.dataset) {
    await act("PATCH", api, { notes: document.getElementById("notes").value }, "The notes are kept.");
  }
  if (promote && (await confirmed(
    `Bring version ${promote} back?`,
    "Predictions come from it from now on. The present champion can be brought back the same way.",
    "Bring it back",
  ))) await act("POST", `${api}/promote`);
});

keepPlots();
