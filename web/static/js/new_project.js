// Make a project and bring its first file in, on one page.

import { call } from "./api.js";
import { mappingOf, Progress, uploadAndFollow } from "./upload.js";

const form = document.getElementById("new-project");
const message = form.querySelector("[data-message]");
const button = form.querySelector("button[type=submit]");
const progress = new Progress(form);
let made = null; // once made, another try only uploads

function complain(error) {
  const shown = new Set();
  for (const { where, problem, remedy } of error.problems ?? []) {
    const place = form.querySelector(`[data-wrong="${CSS.escape(where.split(".").slice(0, 2).join("."))}"]`)
      ?? form.querySelector(`[data-wrong="${CSS.escape(where.split(".")[0])}"]`);
    if (!place) continue;
    place.textContent = `${problem} ${remedy ?? ""}`.trim();
    form.elements[place.dataset.wrong]?.setAttribute?.("aria-invalid", "true");
    shown.add(place);
  }
  message.textContent = shown.size && !form.elements.spec.value.trim() ? "Some fields need another look." : error.message;
  const first = form.querySelector('[aria-invalid="true"]') ?? message;
  first.scrollIntoView({ block: "center" });
  first.focus?.();
}

function forgive() {
  message.textContent = "";
  form.querySelectorAll("[data-wrong]").forEach((place) => { place.textContent = ""; });
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  forgive();
  button.disabled = true;
  const file = form.elements.file.files[0];
  try {
    if (!made) {
      progress.show("Making the project", null);
      const fields = new FormData(form);
      fields.delete("file");
      made = await call("POST", location.pathname, fields);
    }
    if (!file) return location.assign(made.data);
    const report = await uploadAndFollow(made.imports, file, mappingOf(form), progress);
    const trouble = report.status === "failed" || report.rejected > 0;
    location.assign(trouble ? `${made.loop}/imports/${report.id}` : made.loop);
  } catch (error) {
    progress.hide();
    complain(error);
    button.disabled = false;
    if (made) button.textContent = "Upload again";
  }
});
