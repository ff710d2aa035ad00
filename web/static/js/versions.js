// The list of versions: bring the champion before this one back.

import { call } from "./api.js";
import { confirmed } from "./confirm.js";

const main = document.getElementById("main");
const said = main.querySelector("[data-said]");

main.addEventListener("click", async (event) => {
  const number = event.target.closest("[data-rollback]")?.dataset.rollback;
  if (!number) return;
  const sure = await confirmed(
    `Roll back to version ${number}?`,
    "Predictions come from it from now on. The present champion can be brought back the same way.",
    "Roll back",
  );
  if (!sure) return;
  try {
    await call("POST", `/api/v1/projects/${main.dataset.project}/rollback`, { to: Number(number) });
    location.reload();
  } catch (error) {
    said.textContent = error.message;
    said.className = "notice bad";
  }
});
