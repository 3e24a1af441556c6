// What the browser remembers of the page. Where it is not allowed to, the page works and forgets.

/** What was remembered as `key` across visits, or in this window alone, or null. */
export function recall(key) {
  try {
    return sessionStorage.getItem(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Remembers `value` as `key` across visits. */
export function remember(key, value) {
  keep(() => localStorage, key, value);
}

/** Remembers `value` as `key` as long as this window is open. */
export function rememberHere(key, value) {
  keep(() => sessionStorage, key, value);
}

// Even naming the storage throws where it is blocked.
function keep(storage, key, value) {
  try {
    storage().setItem(key, value);
  } catch {
    // Full or blocked.
  }
}
