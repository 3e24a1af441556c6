// How the page speaks: its own sentences, the service's sentences, numbers and times, all in one language.

import { translate } from './phrasebook.js';
import { TEXTS } from './texts.js';

/** What the page says in `language`; `phrases` are the service's sentences in both languages, once they are there. */
export function speech(language, phrases = null) {
  const count = (number) => Number(number).toLocaleString(language);
  const blank = (value) => (typeof value === 'number' ? count(value) : (value ?? ''));
  const t = (key, blanks = {}) => (TEXTS[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => blank(blanks[name]));
  const duration = (seconds) => t(seconds >= 60 ? 'minutes' : 'seconds', { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
  const said = (sentence) => translate(phrases, language, sentence ?? '');
  const phrase = (part) => (part.said !== undefined ? said(part.said) : t(part.key, part.blanks));
  return { language, t, count, duration, said, phrase };
}

/** The language of somebody who has not chosen one. */
export function preferred(languages) {
  return /^en\b/i.test(languages ?? '') ? 'en' : 'ko';
}

/** Puts what stands in the page from the start into a language. */
export function translatePage({ language, t }) {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}
