import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { episodeAddress, jobAddress, readAddress } from '../../page/address.js';
import { defaultModel, isPlaceholder, openedModels, takesAnyName } from '../../page/models.js';
import { phrasebook, readLocale, translate } from '../../page/phrasebook.js';
import { Store } from '../../page/store.js';

test('an address names a job, an episode or nothing, and is never a fault', () => {
  assert.deepEqual(readAddress(jobAddress('job_0af')), { kind: 'job', jobId: 'job_0af' });
  for (const projectId of ['p', '...', 'a/b', '100 %', '비#1']) {
    assert.deepEqual(readAddress(episodeAddress(projectId, 'e/1')), { kind: 'episode', projectId, id: 'e/1' });
  }
  for (const hash of ['', '#']) assert.deepEqual(readAddress(hash), { kind: 'blank' });
  for (const hash of ['#%', '#%E0%A4%A', '#episode/%/e', '#episode/p', '#episode//e', '#episode/p/e/f', '#job', '#job_a/b', '#job_../x', '#episode/%2e%2e/x', '#episode/../x', '#episode/p/.', '#episode/p/%2E%2e']) {
    assert.deepEqual(readAddress(hash), { kind: 'wrong' }, hash);
  }
});

test('the models there are become choices; a service that does not say takes any name', () => {
  const answer = { models: [{ name: 'gpt-4o', provider: 'openai', default: true }, { name: 'builtin', provider: 'builtin', default: false }], patterns: [{ pattern: 'gpt-*', provider: 'openai' }, { pattern: '*', provider: 'builtin' }] };
  const models = openedModels(answer);
  assert.equal(defaultModel(models), 'gpt-4o');
  assert.ok(takesAnyName(models));
  assert.ok(!takesAnyName(openedModels({ ...answer, patterns: [] })));
  const placeholders = ['', 'gpt-5', 'builtin', 'anything'].map((name) => isPlaceholder(models, name));
  assert.deepEqual(placeholders, [false, false, true, true]);
  for (const broken of [null, {}, { models: 1, patterns: [] }, { code: 'NOT_FOUND' }]) {
    assert.equal(openedModels(broken), null);
    assert.ok(takesAnyName(openedModels(broken)));
  }
  assert.deepEqual([isPlaceholder(null, ''), isPlaceholder(null, 'builtin')], [false, true]);
});

test('every sentence of the service is found in the other language, with what was filled in', () => {
  const locale = (language) => readLocale(readFileSync(new URL(`../../config/locales/${language}.toml`, import.meta.url), 'utf8'));
  const [ko, en] = [locale('ko'), locale('en')];
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
  assert.ok(Object.keys(ko).length > 40 && 'steps.done' in ko && 'faults.blank' in ko);
  const phrases = phrasebook({ ko, en });
  const filled = (sentence) => sentence.replace(/\{(\w+)\}/g, (_, name) => `<${name}>`);
  // Two may be the same in one language: either is right in the other.
  const others = (from, to, sentence) => Object.keys(from).filter((key) => from[key] === sentence).map((key) => filled(to[key]));
  for (const key of Object.keys(ko)) {
    assert.ok(others(ko, en, ko[key]).includes(translate(phrases, 'en', filled(ko[key]))), key);
    assert.ok(others(en, ko, en[key]).includes(translate(phrases, 'ko', filled(en[key]))), key);
    assert.ok(others(ko, ko, ko[key]).includes(translate(phrases, 'ko', filled(ko[key]))), key);
  }
  const longer = phrasebook({ ko: { a: '{x}까지', b: '{x}자까지' }, en: { a: 'up to {x}', b: 'up to {x} characters' } });
  assert.deepEqual([translate(longer, 'en', '5까지'), translate(longer, 'en', '5자까지')], ['up to 5', 'up to 5 characters']);
  assert.equal(translate(phrases, 'en', '모르는 말'), '모르는 말');
  assert.equal(translate(null, 'en', '완료'), '완료', 'before the files are there');
});

test('an event that a listener sends waits until all have seen the state before it', () => {
  const store = new Store({ language: 'ko', job: null, kept: [], draft: { fields: {}, faults: {} }, log: {} });
  const seen = [];
  store.listen(({ online }) => online === false && store.dispatch({ type: 'online', online: true }));
  store.listen(({ online }) => seen.push(online));
  store.dispatch({ type: 'online', online: false });
  assert.deepEqual(seen, [false, true]);
  store.dispatch({ type: 'unknown' });
  assert.deepEqual(seen, [false, true], 'nothing changed, nobody is told');
});
