// Which language the page is shown in, and how it says numbers and times.

import { recall, remember } from './storage.js';
import { TEXTS } from './texts.js';

const KEPT = 'language';

let current = recall(KEPT) ?? (/^en\b/i.test(navigator.language ?? '') ? 'en' : 'ko');

/** `ko` or `en`. */
export function language() {
  return current;
}

/** The sentence named `key` with its blanks filled in. */
export function t(key, blanks = {}) {
  return (TEXTS[current][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? '');
}

/** Puts the page into the present language. */
export function translatePage() {
  document.documentElement.lang = current;
  document.title = t('appName');
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}

/** Changes to the other language and remembers it. */
export function switchLanguage() {
  current = current === 'ko' ? 'en' : 'ko';
  remember(KEPT, current);
  translatePage();
}

/** Seconds as a person says them. */
export function duration(seconds) {
  const rest = { minutes: Math.floor(seconds / 60), seconds: seconds % 60 };
  return t(rest.minutes > 0 ? 'minutes' : 'seconds', rest);
}

/** A number with its separators. */
export function count(number) {
  return Number(number).toLocaleString(current);
}
