// Creates elements, and keeps a list of elements in step with a list of values.

/** Creates an element with a class and text. */
export function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Sets the text only if it changed: screen readers announce every write to a live region. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Gives `list` one item per value, in order. Items are reused by key, which preserves focus and scroll position. */
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
