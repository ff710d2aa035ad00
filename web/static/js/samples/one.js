// One sample: what the models make of it comes after the page, for they have to be read.

import { call } from "../api.js";
import { fill } from "./explain.js";

const main = document.getElementById("main");
const { project, sample } = main.dataset;
const said = main.querySelector("[data-said]");
for (const button of main.querySelectorAll("[data-act]")) {
  const key = crypto.randomUUID(); // pressed twice it is still one action
  button.addEventListener("click", async () => {
    const action = button.dataset.act;
    try {
      const path = `/api/v1/projects/${project}/samples/actions`;
      await call("POST", path, { action, preview: false, ids: [Number(sample)], key });
      location.reload();
    } catch (error) {
      said.textContent = error.message;
      said.className = "notice bad";
    }
  });
}

const KEYS = { j: "[data-after]", k: "[data-before]" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const link = KEYS[event.key] && main.querySelector(KEYS[event.key]);
  if (link) link.click();
});

for (const place of main.querySelectorAll("[data-fill]")) fill(place);
