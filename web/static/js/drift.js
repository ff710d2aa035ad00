// The drift page: its timeline, and closing a campaign.

import { call } from "./api.js";
import { keepPlots } from "./plots/main.js";

const main = document.getElementById("main");
const said = main.querySelector("[data-said]");

main.addEventListener("click", async (event) => {
  const id = event.target.closest("[data-close]")?.dataset.close;
  if (!id) return;
  try {
    await call("POST", `/api/v1/projects/${main.dataset.project}/campaigns/${id}/close`);
    location.reload();
  } catch (error) {
    said.textContent = error.message;
    said.className = "notice bad";
  }
});

keepPlots();
