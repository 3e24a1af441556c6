// What the browser remembers. If storage is blocked, the page works but forgets.

// Where storage is blocked, even accessing it throws.
const visits = () => localStorage;
const thisWindow = () => sessionStorage;

/** The value stored as `key`, or null. */
export function recall(key) {
  return read(visits, key);
}

/** Stores `value` as `key` across visits. */
export function remember(key, value) {
  write(visits, key, value);
}

/** This window's value for `key`. A new window gets the value that any window stored last, or null. */
export function recallHere(key) {
  return read(thisWindow, key) ?? recall(key);
}

/** Stores `value` as `key` for this window, and for windows opened later. */
export function rememberHere(key, value) {
  write(thisWindow, key, value);
  remember(key, value);
}

/** Deletes the value stored as `key`. */
export function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Blocked.
  }
}

/** All values whose keys begin with `prefix`. */
export function recallAll(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map(recall);
  } catch {
    return [];
  }
}

/** Calls `change` with the rest of the key and the value, or null, when another window of this browser changes it. */
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
