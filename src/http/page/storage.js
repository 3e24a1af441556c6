// What the browser remembers of the page. Where it is not allowed to, the page works and forgets.

/** What was remembered as `key`, or null. */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Remembers `value` as `key` across visits. */
export function remember(key, value) {
  // Even naming the storage throws where it is blocked.
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or blocked.
  }
}

/** Tells `change` what another window of this browser has remembered as `key`. */
export function onElsewhere(key, change) {
  addEventListener('storage', (event) => {
    if (event.key === key) change(recall(key));
  });
}
