// Load plotly.js once, under a policy that allows no inline style.

let loading = null;

/** Give plotly.js, loaded from `url` the first time. */
export function plotly(url) {
  loading ??= load(url);
  return loading;
}

function load(url) {
  // The bundle adds a <style> for its maps as soon as it runs, which the policy reports and stops.
  // We draw no maps: while it runs, it gets an element that does nothing instead.
  const create = Document.prototype.createElement;
  document.createElement = function (name, ...rest) {
    return create.call(document, name === "style" ? "template" : name, ...rest);
  };
  return new Promise((resolve, reject) => {
    const script = create.call(document, "script");
    script.src = url;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error("plotly.js did not load")));
    document.head.append(script);
  }).finally(() => delete document.createElement);
}
