import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Screenplay, inlineRuns, parseScreenplay } from '../../page/screenplay.js';

const kinds = (text) => parseScreenplay(text).map(({ kind, text: words }) => `${kind}: ${words}`);

test('an english scene is laid out as one', () => {
  assert.deepEqual(kinds('# Rain\n\nFADE IN:\n\nINT. LAB - NIGHT\n\nA shop.\n\nYUNJAE (CONT\'D)\n(quietly)\nNo.\nNot yet.\n\nCUT TO:'), [
    'title: Rain',
    'opening: FADE IN:',
    'scene: INT. LAB - NIGHT',
    'action: A shop.',
    "cue: YUNJAE (CONT'D)",
    'aside: (quietly)',
    'dialogue: No.\nNot yet.',
    'transition: CUT TO:',
  ]);
});

test('every korean manner of naming who speaks is understood', () => {
  for (const text of ['윤재\n(웃으며)\n안녕.', '윤재 (웃으며): 안녕.', '**윤재:** (웃으며)\n안녕.', '**윤재**\n\n(웃으며)\n안녕.']) {
    const blocks = parseScreenplay(text);
    assert.equal(blocks[0].kind, 'cue', text);
    assert.equal(blocks[0].text, '윤재', text);
    assert.deepEqual(blocks.slice(1).map(({ text: words }) => words).join('\n'), '(웃으며)\n안녕.', text);
  }
  assert.deepEqual(kinds('윤재\t안녕하세요.'), ['cue: 윤재', 'dialogue: 안녕하세요.']);
});

test('scene headings are found behind markdown and in both languages', () => {
  for (const line of ['S#1. 골목 (밤)', '## S#12. 골목', '**INT. HOUSE - DAY**', 'EXT. ROAD', 'INT./EXT. CAR - DAY', '씬 3. 옥상', '#4. 옥상', 'SCENE 2', '### Scene 2: The roof']) {
    assert.equal(parseScreenplay(line)[0].kind, 'scene', line);
  }
  for (const line of ['Interior monologue.', 'External forces move.', 'Est-ce vrai ?']) assert.equal(parseScreenplay(line)[0].kind, 'action', line);
});

test('transitions, endings, lists, rules, quotes and labels are what they are', () => {
  assert.deepEqual(kinds('디졸브\n\n끝\n\n---\n\n- one\n2. two\n\n> aside\n\n**장소:** 서울\nLocation: Seoul'), [
    'transition: 디졸브',
    'centered: 끝',
    'rule: ',
    'item: one',
    'item: two',
    'note: aside',
    'action: **장소:** 서울\nLocation: Seoul',
  ]);
});

test('an ending is centred in every manner of writing it', () => {
  for (const line of ['(끝)', '（끝）', '- 끝 -', '끝.', 'THE END', '(END)', '— FIN —', '**(끝)**']) {
    assert.deepEqual(parseScreenplay(`A line.\n\n${line}`).at(-1).kind, 'centered', line);
  }
});

test('somebody may be called like a transition or an ending', () => {
  for (const name of ['IRIS', '**IRIS**', 'WADE', 'FIN', '**FIN**']) {
    assert.deepEqual(parseScreenplay(`${name}\nGo on.`).map(({ kind }) => kind), ['cue', 'dialogue'], name);
  }
  for (const line of ['IRIS OUT.', 'CUT TO:', 'SMASH CUT TO BLACK.', 'FADE OUT', 'BACK TO:', '**DISSOLVE TO:**', '(F.O.)', 'MATCH CUT:', 'DISSOLVE.']) {
    assert.equal(parseScreenplay(line)[0].kind, 'transition', line);
  }
});

test('a sentence is no cue', () => {
  for (const text of ['비가 온다\n그리고 그친다.', 'He stops.\nShe goes on.', '10:30 AM, the bell.', '오후 3:30, 비가 온다.', 'BANG!']) {
    assert.equal(parseScreenplay(text)[0].kind, 'action', text);
  }
});

test('dialogue ends with its stanza, and a lone cue speaks over one blank line', () => {
  assert.deepEqual(kinds('JOHN\nHello.\n\nHe leaves.'), ['cue: JOHN', 'dialogue: Hello.', 'action: He leaves.']);
  assert.deepEqual(kinds('JOHN\n\nHello.\n\nHe leaves.'), ['cue: JOHN', 'dialogue: Hello.', 'action: He leaves.']);
});

test('a text that grows in any steps reads as the whole does', () => {
  const parts = ['# T\n\n', 'INT. A - DAY\r\n\r\n', 'JOHN\n', '(low)\n', 'Hi **there', '** you.\n', '\n', '   \n', '윤재: 네\n', '민수\n\n', '- item\n', 'word '.repeat(1500), 'line\n'.repeat(50), 'FADE OUT.\n'];
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 40; round += 1) {
    const text = Array.from({ length: 12 }, () => parts[random(parts.length)]).join('');
    const script = new Screenplay();
    for (let end = 0; end < text.length; ) {
      const next = Math.min(text.length, end + 1 + random(400));
      script.update(text.slice(0, next), end);
      end = next;
    }
    assert.deepEqual(script.stanzas.flatMap(({ blocks }) => blocks), parseScreenplay(text));
  }
});

test('a text that is replaced in its middle reads as the new one does', () => {
  const script = new Screenplay();
  script.update('A line.\n\nJOHN\nHello.\n\nINT. B - DAY\n');
  script.update('A line.\n\nJOAN\nHello.\n', 11);
  assert.deepEqual(script.stanzas.flatMap(({ blocks }) => blocks), parseScreenplay('A line.\n\nJOAN\nHello.\n'));
});

test('only the end of a long script is read again when it grows', () => {
  const text = 'JOHN\nHello there.\n\nHe waits.\n\n'.repeat(8000);
  const script = new Screenplay();
  script.update(text);
  const before = script.stanzas.length;
  assert.ok(script.update(`${text}And goes.`, text.length) >= before - 1);
  const line = 'word '.repeat(50_000);
  script.update(line);
  assert.ok(script.update(`${line}more`, line.length) >= script.stanzas.length - 2, 'also without a single line break');
});

test('emphasis becomes runs and markup stays text', () => {
  assert.deepEqual(inlineRuns('a **b** *c* ***d*** 2 * 3 snake_case_name <img src=x>'), [
    { text: 'a ', bold: false, italic: false },
    { text: 'b', bold: true, italic: false },
    { text: ' ', bold: false, italic: false },
    { text: 'c', bold: false, italic: true },
    { text: ' ', bold: false, italic: false },
    { text: 'd', bold: true, italic: true },
    { text: ' 2 * 3 snake_case_name <img src=x>', bold: false, italic: false },
  ]);
});

test('a mark that waits for its other half does not show while the text grows', () => {
  for (const text of ['a **b', 'a **b*', 'a **']) {
    assert.ok(inlineRuns(text, true).every((run) => !run.text.includes('*')), text);
    assert.ok(inlineRuns(text).some((run) => run.text.includes('*')), text);
  }
});

test('what is escaped is read without its backslash, and marks nothing', () => {
  const read = (text) => inlineRuns(text).map(({ text: words, bold, italic }) => (bold ? `[b]${words}` : italic ? `[i]${words}` : words)).join('');
  assert.equal(read(String.raw`\<script\>alert(1)\</script\> A \& B \| C \[x\](y)`), '<script>alert(1)</script> A & B | C [x](y)');
  assert.equal(read(String.raw`\*not slanted\* and \_neither\_, but *this \* one*`), '*not slanted* and _neither_, but [i]this * one');
  assert.equal(read(String.raw`C:\temp \n \가`), String.raw`C:\temp \n \가`);
});
