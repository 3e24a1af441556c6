import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXAMPLES, bodyOf, openedDraft, reduceDraft, savedDraft } from '../../page/draft.js';

const after = (draft, ...events) => events.reduce((now, event) => reduceDraft(now, event, 'ko'), draft);
const opened = openedDraft('ko', null);
const typed = (field, value) => ({ type: 'typed', field, value });
const refusal = (more) => ({ type: 'refused', error: { code: 'VALIDATION_ERROR', status: 422, message: 'm', details: [], retryAfter: 0, ...more } });
const pending = { text: '{}', key: 'k' };

test('the first visit shows the example, every later one what was typed', () => {
  assert.deepEqual(opened.fields, EXAMPLES.ko);
  const draft = after(opened, typed('description', 'mine'), { type: 'sending', pending });
  const again = openedDraft('en', JSON.parse(JSON.stringify(savedDraft(draft))));
  assert.equal(again.fields.description, 'mine');
  assert.deepEqual([again.pending, again.sending], [pending, false], 'an order without an answer is repeated with its key');
});

test('what the browser remembers may be anything', () => {
  for (const saved of [{}, { fields: null }, { fields: { description: 5, other: 'x' } }, 'text', []]) {
    assert.deepEqual(Object.keys(openedDraft('ko', saved).fields), Object.keys(EXAMPLES.ko), JSON.stringify(saved));
  }
});

test('the example can be undone, and its undoing too', () => {
  const mine = after(opened, typed('description', 'mine'));
  const example = after(mine, { type: 'example' });
  assert.deepEqual([example.fields, example.before], [EXAMPLES.ko, mine.fields]);
  assert.deepEqual(after(example, { type: 'example' }).before, mine.fields, 'pressed twice, nothing is lost');
  const undone = after(example, { type: 'undo' });
  assert.deepEqual([undone.fields, undone.before], [mine.fields, null]);
  const changed = after(example, typed('title', 'new'), { type: 'undo' });
  assert.deepEqual([changed.fields, changed.before.title], [mine.fields, 'new'], 'what was typed over the example comes back as well');
  assert.equal(after(opened, { type: 'undo' }), opened);
});

test('the example follows the language where nobody has written over it', () => {
  const draft = after(opened, typed('title', 'mine'), { type: 'language', language: 'en' });
  assert.equal(draft.fields.title, 'mine');
  assert.equal(draft.fields.description, EXAMPLES.en.description);
});

test('a fault stands at its field until that is changed', () => {
  const details = [{ field: 'temperature', message: 'too hot' }, { field: 'lengthTarget', message: 'too long' }];
  const draft = after(opened, { type: 'sending', pending }, refusal({ details }));
  assert.deepEqual(draft.faults, { temperature: 'too hot', lengthTarget: 'too long' });
  assert.deepEqual([draft.sending, draft.pending], [false, null]);
  assert.deepEqual(after(draft, typed('temperature', '1')).faults, { lengthTarget: 'too long' });
  assert.deepEqual(after(draft, { type: 'sending', pending }).faults, {});
  const rest = after(opened, refusal({ details: [{ field: 'Idempotency-Key', message: 'bad' }] }));
  assert.deepEqual([rest.faults, rest.problem.details.length], [{}, 1], 'what has no field is told above them');
});

test('that the service cannot be reached is true only until it answers', () => {
  const draft = after(opened, { type: 'sending', pending }, refusal({ code: 'NETWORK', status: 0 }));
  assert.deepEqual([draft.problem.code, draft.pending], ['NETWORK', pending]);
  assert.deepEqual([after(draft, { type: 'reached' }).problem, after(draft, { type: 'reached' }).pending], [null, pending]);
  const full = after(opened, refusal({ code: 'QUEUE_FULL', status: 503, retryAfter: 5 }));
  assert.equal(after(full, { type: 'reached' }), full);
  assert.equal(after(full, { type: 'retryDue' }).problem.retryAfter, 0);
});

test('that the service restarts is true until it can be tried again and answers', () => {
  const draft = after(opened, refusal({ code: 'SHUTTING_DOWN', status: 503, retryAfter: 5 }));
  assert.equal(after(draft, { type: 'reached' }), draft, 'it answers while it shuts down, too');
  assert.equal(after(draft, { type: 'retryDue' }, { type: 'reached' }).problem, null);
});

test('a refusal to repeat a job says nothing about the form', () => {
  const draft = after(opened, { type: 'sending', pending, retryOf: 'job_1' }, { ...refusal({ details: [{ field: 'model', message: 'gone' }] }), retryOf: 'job_1' });
  assert.deepEqual([draft.faults, draft.problem, draft.sending], [{}, null, false]);
});

test('the request has the fields that are filled in, and numbers where they are numbers', () => {
  const fields = { description: ' d ', title: '', projectId: '', scriptType: 'drama', model: '', temperature: '0.5', lengthTarget: 'many' };
  assert.deepEqual(bodyOf(fields), { description: 'd', projectId: '', scriptType: 'drama', temperature: 0.5, lengthTarget: 'many' });
});
