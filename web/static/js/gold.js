// Gold samples: make those gold on which people agree, and unmark.

import { call } from "./api.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/gold`;
const said = main.querySelector("[data-said]");
const KEPT = "activeloop.gold";

function say(words, tone) {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

document.getElementById("gold").addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = (name) => Number(document.getElementById(name).value);
  try {
    const { marked } = await call("POST", api, { agreed_by: number("agreed"), most: number("most") });
    if (!marked) say("There is no sample on which so many agree that is not gold yet.", "warn");
    else {
      sessionStorage.setItem(KEPT, `${marked} ${marked === 1 ? "sample is" : "samples are"} gold now.`);
      location.reload();
    }
  } catch (error) {
    say(error.message, "bad");
  }
});

main.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-unmark]");
  if (!button) return;
  try {
    await call("DELETE", `${api}/${button.dataset.unmark}`);
    button.closest("tr").remove();
    say("The sample is gold no more; its label stays.", "good");
  } catch (error) {
    say(error.message, "bad");
  }
});

say(sessionStorage.getItem(KEPT) ?? "", "good");
sessionStorage.removeItem(KEPT);
