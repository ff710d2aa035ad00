// The parts of a sample's page that ask a model: fetched as HTML that the server has escaped.

/** Fill a place with what its address gives; what it says can be chosen there is listened to. */
export async function fill(place, address = place.dataset.url) {
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(`The server answered ${answer.status}.`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const kept = place.contains(document.activeElement) ? document.activeElement.name : null;
    place.replaceChildren(...page.body.childNodes);
    if (kept) place.querySelector(`select[name="${CSS.escape(kept)}"]`)?.focus();
    choose(place);
  } catch (error) {
    place.textContent = `The models could not be asked. ${error.message}`;
  }
  place.removeAttribute("aria-busy");
}

function choose(place) {
  const form = place.querySelector("form[data-explain]");
  form?.addEventListener("submit", (event) => event.preventDefault());
  form?.addEventListener("change", ({ target }) => {
    const address = new URL(place.dataset.url, location.href);
    for (const [name, value] of new FormData(form)) address.searchParams.set(name, value);
    // another version may not know the class
    if (target.name === "version") address.searchParams.delete("class");
    fill(place, address);
  });
  const shown = place.querySelector("[data-overlay]");
  shown?.addEventListener("change", () => {
    place.querySelector("[data-grid]").classList.toggle("off", !shown.checked);
  });
  for (const more of place.querySelectorAll("details[data-url]")) {
    more.addEventListener("toggle", () => fill(more.querySelector("div"), more.dataset.url), { once: true });
  }
}
