// The loop page: refreshed in place, its curve drawn, its two actions asked for.

import { live } from "../live.js";
import { drawPlots, keepPlots } from "../plots/main.js";
import { offerActions } from "./actions.js";

const main = document.getElementById("main");
const said = document.querySelector("[data-said]");

function say(sentence, tone = "") {
  said.className = `notice ${tone}`;
  said.textContent = sentence;
}

let lost = false;
const refresh = live(document.getElementById("live"), {
  changed: () => drawPlots(),
  offline: (is) => {
    if (is !== lost) say(is ? "The connection is lost; what you see is the last known state." : "");
    lost = is;
  },
});

offerActions(main, { project: main.dataset.project, say, refresh });
keepPlots();
