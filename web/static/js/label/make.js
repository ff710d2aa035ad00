// Elements, made so that whatever a sample or a person wrote goes in as text and never as markup.

export function make(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content.map((each) => (each instanceof Node ? each : String(each))));
  return element;
}

/** A button with its words, and the class names it goes by. */
export function button(className, words, click) {
  const element = make("button", className, words);
  element.type = "button";
  element.addEventListener("click", click);
  return element;
}
