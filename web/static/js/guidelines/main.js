// The guidelines: note that they were read; preview and save for those who write them.

import { call } from "../api.js";
import { safe } from "../label/safe.js";

const main = document.getElementById("main");
const api = `/api/v1/projects/${main.dataset.project}/guidelines`;
const said = main.querySelector("[data-said]");
const form = document.getElementById("write");
const number = Number(main.dataset.number);

function say(words, tone = "") {
  said.textContent = words;
  said.className = `notice ${tone}`;
}

if (number && Number(main.dataset.seen || 0) < number) {
  call("POST", `${api}/seen`, { number }).catch(() => {}); // told again with the next visit
}

if (form) {
  const text = document.getElementById("text");
  const shown = main.querySelector("[data-shown]");

  main.querySelector("[data-preview]").addEventListener("click", async () => {
    try {
      const told = await call("POST", `${api}/preview`, { text: text.value });
      shown.hidden = false;
      shown.querySelector("[data-html]").replaceChildren(safe(told.html));
      shown.querySelector("[data-changed]").replaceChildren(safe(told.changed));
      shown.focus();
    } catch (error) {
      say(error.message, "bad");
    }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const told = await call("POST", api, { text: text.value, seen: number });
      sessionStorage.setItem("activeloop.guidelines", told.number === number ? "Nothing changed." : `Saved as version ${told.number}.`);
      location.reload();
    } catch (error) {
      say(error.message, "bad");
    }
  });

  say(sessionStorage.getItem("activeloop.guidelines") ?? "", "good");
  sessionStorage.removeItem("activeloop.guidelines");
}
