// Take HTML over that the server made from Markdown: known elements, no attributes but a link's address.

const KNOWN = new Set(
  "P UL OL LI STRONG EM CODE PRE BLOCKQUOTE TABLE THEAD TBODY TR TH TD HR BR DEL S INS MARK DIV SPAN".split(" "),
);
const HEADINGS = { H1: "h3", H2: "h3", H3: "h4", H4: "h5", H5: "h6", H6: "h6" }; // below the dialog's own title
const DROPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "SVG", "MATH"]);
const ADDRESS = /^(https?:|mailto:)/i;

/** Give what the HTML shows, built anew. */
export function safe(html) {
  const read = new DOMParser().parseFromString(html, "text/html");
  const shown = document.createDocumentFragment();
  shown.append(...inside(read.body));
  return shown;
}

function inside(element) {
  return [...element.childNodes].flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.data];
    return node.nodeType === Node.ELEMENT_NODE ? taken(node) : [];
  });
}

function taken(node) {
  const name = node.nodeName.toUpperCase();
  if (DROPPED.has(name)) return [];
  const made = name === "A" ? link(node) : KNOWN.has(name) || HEADINGS[name] ? document.createElement(HEADINGS[name] ?? name) : null;
  if (!made) return inside(node);
  made.append(...inside(node));
  return [made];
}

function link(node) {
  const address = node.getAttribute("href") ?? "";
  if (!ADDRESS.test(address)) return null;
  const made = document.createElement("a");
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}
