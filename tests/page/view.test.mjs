import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { speech } from '../../page/i18n.js';
import { phrasebook, readLocale } from '../../page/phrasebook.js';
import { initial, reduce } from '../../page/state.js';
import { refusal, stageView, titleBeside } from '../../page/view.js';

const locale = (language) => readLocale(readFileSync(new URL(`../../config/locales/${language}.toml`, import.meta.url), 'utf8'));
const [ko, en] = [locale('ko'), locale('en')];
const phrases = phrasebook({ ko, en });

const ID = 'job_1';
const opened = [{ type: 'sent', job: { jobId: ID, title: 'T', projectId: 'p' }, body: {} }, { type: 'address', address: { kind: 'job', jobId: ID } }];
const live = { type: 'connection', jobId: ID, name: 'live' };
const lost = { type: 'connection', jobId: ID, name: 'reconnecting' };
const writing = [live, { type: 'progress', jobId: ID, epoch: '1', value: 30, currentStep: ko['steps.writing_dialogue'], estimatedTime: 65 }, { type: 'text', jobId: ID, epoch: '1', text: 'abc', wordCount: 1200, estimatedTokens: 3 }];
const failed = (code, retryable) => ({ type: 'ended', jobId: ID, name: 'failed', error: { code, message: ko['failures.timeout_error'], retryable } });
const completed = { type: 'ended', jobId: ID, name: 'completed', result: { wordCount: 1, tokens: 1, modelUsed: 'm', episodeId: 'e', episodeNumber: 4 } };
const state = (...events) => [...opened, ...events].reduce(reduce, initial({ language: 'ko' }));
const view = (...events) => stageView(state(...events));

/** Every sentence that a view shows, in a language. */
function spoken(shown, language) {
  const { phrase, duration } = speech(language, phrases);
  const parts = [...Object.values(shown.facts), ...shown.counts, shown.note?.sentence, ...(shown.alert?.sentences ?? [])].filter(Boolean);
  return parts.map((part) => phrase(part.seconds ? { ...part, blanks: { time: duration(part.seconds) } } : part)).join(' | ');
}

test('whatever is shown is shown in the language of the page, also what the service said in the other', () => {
  for (const events of [writing, [...writing, lost], [...writing, failed('TIMEOUT_ERROR', true)], [...writing, failed('TOKEN_LIMIT_EXCEEDED', false)], [...writing, completed]]) {
    const shown = view(...events);
    assert.match(spoken(shown, 'ko'), /[가-힣]/);
    assert.doesNotMatch(spoken(shown, 'en'), /[가-힣]/, spoken(shown, 'en'));
  }
  assert.match(spoken(view(...writing), 'en'), /Writing dialogue.*30%.*about 1 min 5 s left.*1,200 words/);
});

test('after a crash and a recovery nothing speaks of the crash', () => {
  const crash = [lost, { type: 'stopAsked', jobId: ID }, { type: 'stopFailed', jobId: ID }, { type: 'sending', pending: {} }, { type: 'refused', error: { code: 'NETWORK', status: 0, message: '', details: [] } }];
  const down = state(...writing, ...crash);
  assert.equal(stageView(down).alert.sentences[0].key, 'cancelFailed');
  assert.equal(down.draft.problem.code, 'NETWORK');
  const recovered = [{ type: 'reached' }, live, { type: 'progress', jobId: ID, epoch: '2', value: 12, currentStep: 's' }, completed].reduce(reduce, down);
  const shown = stageView(recovered);
  assert.deepEqual([shown.end, shown.alert, recovered.draft.problem, shown.note.tone, shown.facts.step.key], ['completed', null, null, 'good', 'status_completed']);
});

test('a cancellation is no success and no error', () => {
  const shown = view(...writing, failed('JOB_CANCELED', false));
  assert.deepEqual([shown.end, shown.alert, shown.note.tone, shown.canStop, shown.paper.text], ['canceled', null, 'plain', false, 'abc']);
});

test('a failure says whether trying again can help, and offers it where it can be done', () => {
  const advice = ({ alert }) => [alert.retry, alert.sentences.at(-1).key ?? 'said'];
  assert.deepEqual(advice(view(failed('TIMEOUT_ERROR', true))), [true, 'said']);
  assert.deepEqual(advice(view(failed('TOKEN_LIMIT_EXCEEDED', false))), [false, 'retryUseless']);
  assert.deepEqual(advice(view({ type: 'keptElsewhere', jobId: ID, entry: null }, failed('TIMEOUT_ERROR', true))), [false, 'noRetryHere']);
  const error = { code: 'QUEUE_FULL', status: 503, message: 'full', details: [], retryAfter: 5 };
  const refused = view(failed('TIMEOUT_ERROR', true), { type: 'sending', pending: {}, retryOf: ID }, { type: 'refused', retryOf: ID, error });
  assert.deepEqual(refused.alert, { sentences: [{ said: 'full' }, { key: 'retryAfter', blanks: { seconds: 5 } }], code: 'QUEUE_FULL', retry: true });
});

test('what the provider would refuse again is not offered again, in either language', () => {
  for (const message of [ko, en].flatMap((texts) => [texts['failures.model_refused'], texts['failures.request_refused']])) {
    const ended = { type: 'ended', jobId: ID, name: 'failed', error: { code: 'MODEL_UNAVAILABLE', message, retryable: true } };
    const { alert } = view({ type: 'phrases', phrases }, ended);
    assert.deepEqual(alert, { sentences: [{ said: message }], code: 'MODEL_UNAVAILABLE', retry: false });
  }
  assert.ok(view({ type: 'phrases', phrases }, failed('TIMEOUT_ERROR', true)).alert.retry);
});

test('a refusal says when to try again', () => {
  const said = (more) => refusal({ code: 'X', status: 503, message: 'm', details: [], retryAfter: 0, ...more }).map(({ key, said: words }) => key ?? words);
  assert.deepEqual(said({ retryAfter: 9 }), ['m', 'retryAfter']);
  assert.deepEqual(said({}), ['m', 'retryNow']);
  assert.deepEqual(said({ status: 429, retryAfter: 2 }), ['m', 'retryAfter']);
  assert.deepEqual(said({ status: 409 }), ['m']);
  assert.deepEqual(said({ status: 422, details: [{ field: 'f', message: 'bad' }] }), ['m', 'named', 'bad']);
  assert.deepEqual([said({ code: 'NETWORK', status: 0 }), said({ code: 'NETWORK', status: 502 })], [['noConnection'], ['badAnswer']]);
});

test('an interruption says which it is', () => {
  const shown = (...events) => [view(...writing, ...events).connection, view(...writing, ...events).note?.sentence.key];
  const offline = { type: 'online', online: false };
  assert.deepEqual(shown(), ['live', undefined]);
  assert.deepEqual(shown(lost), ['reconnecting', 'note_reconnecting']);
  assert.deepEqual(shown(lost, offline), ['offline', 'note_offline']);
  assert.deepEqual(shown({ type: 'connection', jobId: ID, name: 'dropped' }), ['dropped', 'note_dropped']);
  assert.deepEqual(shown(lost, offline, { ...offline, online: true }, live), ['live', undefined]);
});

test('a repetition shows the earlier attempt, faded, until it has words', () => {
  const again = [{ type: 'sending', pending: {}, retryOf: ID }, { type: 'sent', job: { jobId: 'job_2', title: 'T', projectId: 'p' }, body: {}, retryOf: ID }, { type: 'address', address: { kind: 'job', jobId: 'job_2' } }].reduce(reduce, state(...writing, failed('TIMEOUT_ERROR', true)));
  assert.deepEqual([stageView(again).paper, stageView(again).earlier], [{ name: 'job_2', text: 'abc', live: false, faded: true }, ID]);
  const words = reduce(again, { type: 'text', jobId: 'job_2', epoch: '1', text: 'new' });
  assert.deepEqual([stageView(words).paper, stageView(words).earlier], [{ name: 'job_2', text: 'new', live: true, faded: false }, ID]);
});

test('a script is followed while it grows, and only then', () => {
  assert.deepEqual([view(live).paper.live, view(...writing).paper.live, view(...writing, completed).paper.live], [false, true, false]);
});

test('what cannot be shown says so', () => {
  const at = (address) => stageView(reduce(initial({ language: 'ko' }), { type: 'address', address }));
  assert.deepEqual([at({ kind: 'wrong' }).end, at({ kind: 'wrong' }).title.key], ['lost', 'wrongTitle']);
  assert.equal(at({ kind: 'blank' }).shows, 'blank');
  const gone = view({ type: 'lost', jobId: ID, error: { code: 'JOB_NOT_FOUND', message: en['errors.job_not_found'] } });
  assert.deepEqual([gone.end, gone.title.key, gone.alert.sentences[0].said], ['lost', 'lostTitle', en['errors.job_not_found']]);
  const reading = reduce(initial({ language: 'ko' }), { type: 'address', address: { kind: 'episode', projectId: 'p', id: 'e' } });
  const unread = stageView(reduce(reading, { type: 'episodeFailed', id: 'e', error: { code: 'NETWORK', message: '' } }));
  assert.equal(unread.alert.sentences[0].key, 'readFailed');
  const dead = stageView(reduce(reading, { type: 'episodeFailed', id: 'e', error: { code: 'EPISODE_NOT_FOUND', status: 404, message: 'no such' } }));
  assert.deepEqual([dead.end, dead.title.key, dead.alert.sentences[0].said], ['lost', 'lostEpisode', 'no such']);
});

test('an episode has one number, the one it got, and the title that somebody chose', () => {
  assert.equal(titleBeside(4, 'rain - Ep. 1', 'rain'), 'rain');
  for (const title of ['rain', 'Episode 4', 'Ep. 1', 'Apollo 13', '2화', 'The Office - Episode 5', '비 그친 뒤의 서울 - 1화', 'Rain - Ep. 1', 'rain - Ep. 1b', 'rain - Ep. ']) {
    assert.equal(titleBeside(4, title, 'rain'), title);
  }
  assert.equal(titleBeside(null, 'rain - Ep. 1', 'rain'), 'rain - Ep. 1');
});

test('a script that the episode store has refused is not promised, and can be saved once more', () => {
  const unsaved = { ...completed, result: { ...completed.result, episodeId: null, episodeNumber: null } };
  const said = (episodeStatus, more) => ({ type: 'status', jobId: ID, job: { jobId: ID, title: 'T', projectId: 'p', status: 'completed', savedToEpisode: false, episodeStatus, ...more } });
  const seen = ({ note, canSave, saving, alert }) => [note.sentence.key, canSave, saving, alert?.sentences[0].key];
  for (const episodeStatus of ['owed', undefined]) assert.deepEqual(seen(view(unsaved, said(episodeStatus))), ['notSaved', false, false, undefined]);
  const refused = [unsaved, said('refused')];
  assert.deepEqual(seen(view(...refused)), ['saveRefused', true, false, undefined]);
  assert.equal(state(...refused).kept[0].refused, true);
  const asked = [...refused, { type: 'saveAsked', jobId: ID }];
  assert.deepEqual(seen(view(...asked)), ['saveRefused', true, true, undefined]);
  assert.deepEqual(seen(view(...asked, { type: 'saveFailed', jobId: ID })), ['saveRefused', true, false, 'saveFailed']);
  assert.deepEqual(seen(view(...asked, said('owed'))), ['notSaved', false, false, undefined]);
  const saved = said('saved', { savedToEpisode: true, episodeId: 'e', episodeNumber: 2 });
  assert.deepEqual(seen(view(...asked, saved)), ['saved', false, false, undefined]);
});
