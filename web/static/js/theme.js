// Runs before the first paint, as a classic script: a page never shows the wrong theme first.
(() => {
  const KEY = "activeloop.theme";
  const root = document.documentElement;

  function kept() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is off: the system's choice holds
    }
  }

  function current() {
    if (root.dataset.theme) return root.dataset.theme;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  const theme = kept();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;

  document.addEventListener("DOMContentLoaded", () => {
    // on a narrow screen the pages of a project stand in a line that may be longer than it
    document.querySelector(".project-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    const button = document.getElementById("theme");
    if (!button) return;
    const say = () => {
      const other = current() === "dark" ? "light" : "dark";
      button.setAttribute("aria-label", `Switch to the ${other} theme`);
      button.title = `Switch to the ${other} theme`;
    };
    say();
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(KEY, root.dataset.theme);
      } catch {
        // storage is off: the choice lasts as long as the page
      }
      say();
      document.dispatchEvent(new CustomEvent("theme"));
    });
  });
})();
