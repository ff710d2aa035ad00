// Who labels a project: the boxes that are ticked, sent as a whole.

import { call } from "./api.js";

const main = document.getElementById("main");
const said = main.querySelector("[data-said]");

document.getElementById("people").addEventListener("submit", async (event) => {
  event.preventDefault();
  const users = [...event.target.querySelectorAll("[name=user]:checked")].map((each) => each.value);
  try {
    const told = await call("POST", `/api/v1/projects/${main.dataset.project}/assignments`, { users });
    said.textContent = told.open ? "Every annotator may label this project now." : `Only ${told.users.join(", ")} ${told.users.length === 1 ? "labels" : "label"} this project now.`;
    said.className = "notice good";
  } catch (error) {
    said.textContent = error.message;
    said.className = "notice bad";
  }
});
