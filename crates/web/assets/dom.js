// Makes and changes elements. Text is always text: nothing here reads HTML, and the policy of the
// page forbids it besides (Trusted Types).

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** An element of HTML. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets the text of an element, where it is another one: what is selected stays so. */
export function text(node, value) {
  const wanted = String(value);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Sets or removes an attribute, where it is another one. */
export function attribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** The children of `parent` become one for each item, by key; those that stay are changed, not made anew. */
export function keyed(parent, known, items, key, make) {
  const wanted = new Set();
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    wanted.add(name);
    let entry = known.get(name);
    if (!entry) known.set(name, (entry = make(item)));
    entry.update(item);
    if (entry.node === at) at = at.nextElementSibling;
    else parent.insertBefore(entry.node, at);
  }
  for (const [name, entry] of known) {
    if (wanted.has(name)) continue;
    entry.node.remove();
    known.delete(name);
  }
}

/** A section with a heading. */
export function panel(title, attributes, ...children) {
  const heading = h("h2", {}, title);
  return h("section", { class: "panel", ...attributes }, h("div", { class: "panel-head" }, heading), ...children);
}
