// Making elements, and keeping a list of them in step with a list of values.

/** An element with a class and a text. */
export function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Writes a text only where it changes: a live region speaks whenever it is written to. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Gives `list` one item a value, in their order; items stay with their key, so that focus and scroll position do too. */
export function keyed(list, values, keyOf, create, update) {
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  values.forEach((value, index) => {
    const key = String(keyOf(value));
    const item = known.get(key) ?? create(value);
    known.delete(key);
    item.dataset.key = key;
    update(item, value);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  for (const item of known.values()) item.remove();
}
