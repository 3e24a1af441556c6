import assert from 'node:assert/strict';
import { test } from 'node:test';

import { secondsUntil } from '../../page/api.js';
import { applyPreview } from '../../page/feed.js';
import { reduceLog } from '../../page/log.js';

test('deltas build the text that full previews show', () => {
  const whole = '비 그친 뒤 🌧️의 서울\n\nINT. LAB - NIGHT';
  let text = '';
  for (let at = 0; at < whole.length; at += 3) text = applyPreview(text, { delta: whole.slice(at, at + 3), offset: at }).text;
  assert.equal(text, whole);
  assert.deepEqual(applyPreview('', { markdown: whole }), { text: whole, from: 0 });
});

test('a delta says from where the text may differ', () => {
  assert.deepEqual(applyPreview('abcdef', { delta: 'XY', offset: 3 }), { text: 'abcXY', from: 3 });
  assert.deepEqual(applyPreview('abc', { delta: 'fresh', offset: 0 }), { text: 'fresh', from: 0 });
  assert.deepEqual(applyPreview('abc', { markdown: 'abcd' }), { text: 'abcd', from: 3 });
  assert.deepEqual(applyPreview('abc', { markdown: 'xbcd' }), { text: 'xbcd', from: 0 });
});

test('a delta that leaves a gap is refused', () => {
  for (const event of [{ delta: 'x', offset: 4 }, { delta: 'x', offset: -1 }, { delta: 'x' }, {}]) assert.equal(applyPreview('abc', event), null);
});

test('the event log keeps the newest entries, and of each only the beginning', () => {
  let log = { entries: [], events: 0, characters: 0 };
  for (let n = 0; n < 1000; n += 1) log = reduceLog(log, { type: 'entry', id: `1-${n}`, name: 'preview', data: 'x'.repeat(1000) });
  assert.equal(log.entries.length, 200);
  assert.equal(log.entries.at(-1).id, '1-999');
  assert.equal(log.entries[0].id, '1-800');
  assert.equal(log.entries[0].data.length, 300);
  assert.equal(log.entries[0].size, 1000);
  assert.deepEqual([log.events, log.characters], [1000, 1_000_000]);
});

test('the pause that a refusal asks for is understood as seconds and as a date', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  assert.equal(secondsUntil('5', now), 5);
  assert.equal(secondsUntil('Fri, 02 Jan 2026 03:04:35 GMT', now), 30);
  for (const header of [null, '', '0', 'soon', 'Fri, 02 Jan 2026 03:04:00 GMT']) assert.equal(secondsUntil(header, now), 0, header);
});
