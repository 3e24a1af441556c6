// Text in one language: the page's own messages, the service's messages, numbers and times.

import { translate } from './phrasebook.js';
import { TEXTS } from './texts.js';

/** Text in `language`. `phrases` are the service's messages in both languages, once they are loaded. */
export function speech(language, phrases = null) {
  const count = (number) => Number(number).toLocaleString(language);
  const blank = (value) => (typeof value === 'number' ? count(value) : (value ?? ''));
  const t = (key, blanks = {}) => (TEXTS[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => blank(blanks[name]));
  const duration = (seconds) => t(seconds >= 60 ? 'minutes' : 'seconds', { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
  const said = (sentence) => translate(phrases, language, sentence ?? '');
  const phrase = (part) => (part.said !== undefined ? said(part.said) : t(part.key, part.blanks));
  return { language, t, count, duration, said, phrase };
}

/** The language for a user who has not chosen one. */
export function preferred(languages) {
  return /^en\b/i.test(languages ?? '') ? 'en' : 'ko';
}

/** Translates the static text of `index.html`. */
export function translatePage({ language, t }) {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}
