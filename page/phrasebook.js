// The service's own sentences in both languages: jobs speak the language they were asked for in, the page that of its reader.

/** The sentences of one of the service's locale files by `section.key`. They are lines of `key = "sentence"`. */
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
  // A sentence that says more is not taken for a shorter one with much filled in.
  patterns.sort((one, other) => other.fixed - one.fixed);
  return { plain, patterns };
}

/** The same sentence in `language`; as it is where the service's files do not have it. */
export function translate(phrases, language, sentence) {
  const known = phrases?.plain.get(sentence);
  if (known) return known[language];
  for (const { pattern, entry } of phrases?.patterns ?? []) {
    const blanks = pattern.exec(sentence)?.groups;
    if (blanks) return entry[language].replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? '');
  }
  return sentence;
}

/** Whether a sentence, in either language, is the service's under one of `keys`, each `section.key`; none with blanks is found. */
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
