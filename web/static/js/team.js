// Ask for a new report, and show it when it is there.

import { call } from "./api.js";

const EVERY = 2000;
const PATIENCE = 60;
const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/quality`;
const said = main.querySelector("[data-said]");
const button = main.querySelector("[data-refresh]");

function say(text, tone) {
  said.textContent = text;
  said.className = `notice ${tone}`;
}

async function newer(than) {
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    const found = await call("GET", api);
    if (found.made_at !== than) return true;
  }
  return false;
}

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const before = (await call("GET", api)).made_at;
    await call("POST", api);
    say("The report is being made; this page shows it when it is done.", "");
    if (await newer(before)) location.reload();
    else say("It is not done yet: is a worker running? The loop page says what it waits for.", "warn");
  } catch (error) {
    say(error.message, "bad");
  }
  button.disabled = false;
});
