// What an action would touch, in a dialog; it resolves to the note, or to null.

const dialog = document.getElementById("preview");
const at = (name) => dialog.querySelector(`[data-${name}]`);

const TITLES = {
  flag: ["Flag", "would be flagged"],
  review: ["Send to review", "would go to review"],
  remove: ["Remove", "would be removed from the pool: nobody is asked about them, and nothing learns from them"],
  restore: ["Restore", "would be in the pool again"],
  gold: ["Make gold", "would be gold, with the label they have"],
};
const NOTED = new Set(["flag", "review", "remove"]);

function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** Give the sentences about what there is to the samples; those that say nothing are left out. */
function facts(shown) {
  return [
    [shown.labelled, "has a settled label", "have a settled label"],
    [shown.audit, "is of the audit stratum", "are of the audit stratum"],
    [shown.in_hand, "is in an annotator's hands now", "are in annotators' hands now"],
    [shown.in_review, "waits for a reviewer", "wait for a reviewer"],
    [shown.gold, "is gold", "are gold"],
  ]
    .filter(([number]) => number > 0)
    .map(([number, one, many]) => count(number, one, many));
}

function list(name, lines) {
  at(name).replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
}

function told(sample) {
  const { text, name } = sample.payload;
  const words = text ?? name ?? Object.entries(sample.payload).map(([key, value]) => `${key} ${value}`).join(", ");
  return words.length > 120 ? `${words.slice(0, 120)}…` : words;
}

export function ask(shown) {
  const [title, would] = TITLES[shown.action];
  dialog.querySelector("h2").textContent = title;
  const more = shown.whole ? "" : " There are more that fit, or that were not looked at: do this again afterwards.";
  at("touched").textContent = `${count(shown.touched, "sample", "samples")} of ${count(shown.count, "that is chosen", "that are chosen")} ${would}.${more}`;
  at("because").textContent = shown.because;
  list("facts", facts(shown));
  list("examples", shown.examples.map(told));
  at("first").hidden = shown.examples.length === 0;
  at("note-field").hidden = !NOTED.has(shown.action);
  at("note").value = "";
  at("yes").textContent = title;
  at("yes").disabled = shown.touched === 0;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? at("note").value : null), { once: true });
  });
}
