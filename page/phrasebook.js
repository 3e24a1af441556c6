// Translates the service's messages. A job's messages are in the language of its request; the page shows the user's language.

/** The messages of one of the service's locale files by `section.key`. Each is a line `key = "message"`. */
export function readLocale(toml) {
  const sentences = {};
  let section = '';
  for (const line of toml.split(/\r?\n/)) {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const [, key, quoted] = /^(\w+)\s*=\s*("(?:[^"\\]|\\.)*")\s*$/.exec(line) ?? [];
    if (key) sentences[`${section}.${key}`] = JSON.parse(quoted);
  }
  return sentences;
}

/** Both languages, prepared for `translate`. */
export function phrasebook({ ko, en }) {
  const entries = Object.keys(ko).filter((key) => key in en).map((key) => ({ key, ko: ko[key], en: en[key] }));
  const plain = new Map();
  const patterns = [];
  for (const entry of entries) {
    for (const sentence of [entry.ko, entry.en]) {
      if (/\{\w+\}/.test(sentence)) patterns.push({ pattern: patternOf(sentence), fixed: sentence.replace(/\{\w+\}/g, '').length, entry });
      else if (!plain.has(sentence)) plain.set(sentence, entry);
    }
  }
  // Try the pattern with the most fixed text first, so that a shorter one cannot match with more filled in.
  patterns.sort((one, other) => other.fixed - one.fixed);
  return { plain, patterns };
}

/** The same message in `language`, or unchanged if the locale files do not contain it. */
export function translate(phrases, language, sentence) {
  const known = phrases?.plain.get(sentence);
  if (known) return known[language];
  for (const { pattern, entry } of phrases?.patterns ?? []) {
    const blanks = pattern.exec(sentence)?.groups;
    if (blanks) return entry[language].replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? '');
  }
  return sentence;
}

/** Whether a message, in either language, has one of the `keys` (`section.key`). Messages with placeholders are never found. */
export function isOneOf(phrases, keys, sentence) {
  return keys.includes(phrases?.plain.get(sentence)?.key);
}

function patternOf(sentence) {
  const parts = sentence.split(/\{(\w+)\}/);
  const seen = new Set();
  const source = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (seen.has(part)) return `\\k<${part}>`;
    seen.add(part);
    return `(?<${part}>.+?)`;
  });
  return new RegExp(`^${source.join('')}$`, 's');
}
