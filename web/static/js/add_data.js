// Add a file to a project.

import { mappingOf, Progress, uploadAndFollow } from "./upload.js";

const form = document.getElementById("add-data");
const message = form.querySelector("[data-message]");
const button = form.querySelector("button[type=submit]");
const progress = new Progress(form);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.querySelector("#file").files[0];
  form.querySelector('[data-wrong="file"]').textContent = file ? "" : "Choose a file first.";
  if (!file) return form.querySelector("#file").focus();
  message.textContent = "";
  button.disabled = true;
  try {
    const report = await uploadAndFollow(form.dataset.imports, file, mappingOf(form), progress);
    location.assign(form.dataset.report.replace(/0$/, String(report.id)));
  } catch (error) {
    progress.hide();
    message.textContent = [error.message, ...error.problems.map((each) => each.remedy)].filter(Boolean).join(" ");
    button.disabled = false;
  }
});
