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

/** Forgets what was remembered as `key`. */
export function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Blocked.
  }
}

/** Everything that was remembered under keys that begin with `prefix`. */
export function recallAll(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map(recall);
  } catch {
    return [];
  }
}

/** Tells `change` the rest of the key, and what another window of this browser has remembered there, or null. */
export function onElsewhere(prefix, change) {
  addEventListener('storage', ({ key }) => {
    if (key?.startsWith(prefix)) change(key.slice(prefix.length), recall(key));
  });
}
