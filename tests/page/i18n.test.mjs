import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { TEXTS } from '../../page/texts.js';

const page = (name) => readFileSync(new URL(`../../page/${name}`, import.meta.url), 'utf8');

test('both languages say everything with the same blanks to fill', () => {
  const blanks = (texts) => Object.entries(texts).map(([key, text]) => [key, (text.match(/\{\w+\}/g) ?? []).sort()]).sort();
  assert.deepEqual(blanks(TEXTS.ko), blanks(TEXTS.en));
});

test('every sentence that the page names exists, and korean is what it shows first', () => {
  for (const [, key, text] of page('index.html').matchAll(/data-t="(\w+)"[^>]*>([^<]*)</g)) assert.equal(text, TEXTS.ko[key], key);
  for (const [, key] of page('index.html').matchAll(/data-t-label="(\w+)"/g)) assert.ok(TEXTS.ko[key], key);
});
