// Make one tree like another by the fewest changes, so that focus, scroll and selection stay.

/** Change `here` so that it shows what `there` shows. Elements with data-keep are left alone. */
export function morph(here, there, { attributes = true } = {}) {
  if (attributes) morphAttributes(here, there);
  const fresh = [...there.childNodes];
  fresh.forEach((child, place) => {
    const old = here.childNodes[place];
    if (!old) here.append(document.importNode(child, true));
    else if (!alike(old, child)) old.replaceWith(document.importNode(child, true));
    else if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== child.nodeValue) old.nodeValue = child.nodeValue;
    } else if (!("keep" in (old.dataset ?? {}))) morph(old, child);
  });
  while (here.childNodes.length > fresh.length) here.lastChild.remove();
}

function alike(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && old.id === fresh.id;
}

function morphAttributes(here, there) {
  for (const { name, value } of [...there.attributes]) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
  for (const { name } of [...here.attributes]) {
    const opened = name === "open" && "keepOpen" in (here.dataset ?? {});
    if (!there.hasAttribute(name) && !opened) here.removeAttribute(name);
  }
}
