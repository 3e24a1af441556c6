// What the browser remembers of the page. Where it is not allowed to, the page works and forgets.

// Even naming a storage throws where it is blocked.
const visits = () => localStorage;
const thisWindow = () => sessionStorage;

/** What was remembered as `key`, or null. */
export function recall(key) {
  return read(visits, key);
}

/** Remembers `value` as `key` across visits. */
export function remember(key, value) {
  write(visits, key, value);
}

/** What this window has remembered as `key`; in a new window what any of them has remembered last, or null. */
export function recallHere(key) {
  return read(thisWindow, key) ?? recall(key);
}

/** Remembers `value` as `key` for this window, and for windows that are opened later. */
export function rememberHere(key, value) {
  write(thisWindow, key, value);
  remember(key, value);
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

function read(storage, key) {
  try {
    return JSON.parse(storage().getItem(key));
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Full or blocked.
  }
}
