// Retrain and promote: asked for once more in words, then sent.

import { call } from "../api.js";
import { confirmed } from "../confirm.js";

/** Listen for the two buttons; the rows they stand in come and go. */
export function offerActions(main, { project, say, refresh }) {
  const api = `/api/v1/projects/${project}`;

  async function act(path, body, done) {
    try {
      const answer = await call("POST", api + path, body);
      say(done(answer), "good");
    } catch (error) {
      say(error.message, "bad");
    }
    refresh();
  }

  main.addEventListener("click", async (event) => {
    const promote = event.target.closest("[data-promote]")?.dataset.promote;
    const retrain = event.target.closest("[data-retrain]");
    if (promote && (await confirmed(
      `Promote version ${promote}?`,
      "Predictions come from it from now on. The present champion can be brought back the same way.",
      "Promote",
    ))) {
      await act(`/versions/${promote}/promote`, undefined, () => `Version ${promote} is the champion now.`);
    }
    if (retrain && (await confirmed(
      "Train a new version now?",
      "It learns from every label so far. Labelling goes on meanwhile.",
      "Retrain",
    ))) {
      await act("/runs", { mode: "auto" }, (run) => `Run ${run.id} is asked for.`);
    }
  });
}
