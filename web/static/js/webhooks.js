// Webhooks: add, try out, switch, remove, send again.

import { call } from "./api.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/webhooks`;
const said = main.querySelector("[data-said]");
const form = document.getElementById("webhook");
const dialog = document.getElementById("secret");

function say(words, tone) {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

async function tried(act) {
  try {
    await act();
  } catch (error) {
    say(error.message, "bad");
  }
}

form.addEventListener("change", (event) => {
  // everything, or some: one unticks the other
  if (event.target.name !== "event" || !event.target.checked) return;
  const all = event.target.value === "*";
  for (const box of form.querySelectorAll("[name=event]")) {
    if ((box.value === "*") !== all) box.checked = false;
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tried(async () => {
    const events = [...form.querySelectorAll("[name=event]:checked")].map((each) => each.value);
    if (!events.length) return say("Choose at least one event.", "warn");
    const made = await call("POST", api, { url: document.getElementById("url").value, events });
    dialog.querySelector("[data-secret]").textContent = made.secret;
    dialog.addEventListener("close", () => location.assign(`?webhook=${made.id}`), { once: true });
    dialog.showModal();
  });
});

const ACTS = {
  async test({ test }) {
    await call("POST", `${api}/${test}/test`);
    location.assign(`?webhook=${test}`);
  },
  async switch(data) {
    await call("PATCH", `${api}/${data.switch}`, { enabled: data.to === "on" });
    location.reload();
  },
  async remove({ remove }) {
    await call("DELETE", `${api}/${remove}`);
    location.assign(location.pathname);
  },
  async again({ again, webhook }) {
    await call("POST", `${api}/${webhook}/deliveries/${again}/again`);
    location.reload();
  },
};

main.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const act = Object.keys(ACTS).find((each) => button?.dataset[each]);
  if (act) tried(() => ACTS[act](button.dataset));
});
