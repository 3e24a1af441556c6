import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isOver, openedJob, reduceJob } from '../../page/job.js';

const ID = 'job_1';
/** The job after events, each of them about it unless it says otherwise. */
const after = (...events) => events.reduce((job, event) => reduceJob(job, { jobId: ID, ...event }), openedJob(ID));

const live = { type: 'connection', name: 'live' };
const lost = { type: 'connection', name: 'reconnecting' };
const progress = (epoch, value, currentStep = 'Writing') => ({ type: 'progress', epoch, value, currentStep, estimatedTime: 100 - value });
const text = (epoch, words) => ({ type: 'text', epoch, text: 'word '.repeat(words), wordCount: words, estimatedTokens: 2 * words });
const completed = { type: 'ended', name: 'completed', result: { wordCount: 9, tokens: 18, modelUsed: 'm', episodeId: 'e', episodeNumber: 4 } };
const failed = (code, retryable = false) => ({ type: 'ended', name: 'failed', error: { code, message: code, retryable } });
const said = (more) => ({ type: 'status', job: { title: 'T', projectId: 'p', model: 'asked', modelUsed: null, status: 'streaming', progress: 7, currentStep: 'S', wordCount: 3, tokens: 6, queuePosition: null, savedToEpisode: false, episodeId: null, episodeNumber: null, ...more } });

test('a job waits, writes and completes', () => {
  let job = after(live, progress('1', 0, 'Waiting'), said({ status: 'queued', queuePosition: 2 }));
  assert.deepEqual([job.status, job.queuePosition, job.title, job.model], ['queued', 2, 'T', 'asked']);
  job = reduceJob(job, { jobId: ID, type: 'heartbeat', status: 'queued', queuePosition: 1 });
  assert.equal(job.queuePosition, 1);
  job = [progress('1', 30), text('1', 5)].reduce((now, event) => reduceJob(now, { jobId: ID, ...event }), job);
  assert.deepEqual([job.status, job.queuePosition, job.progress, job.words, job.tokens, job.remaining], ['streaming', null, 30, 5, 10, 70]);
  job = reduceJob(job, { jobId: ID, ...completed });
  assert.deepEqual([job.status, job.progress, job.connection, job.remaining], ['completed', 100, 'ended', null]);
  assert.deepEqual([job.words, job.tokens, job.model, job.episode], [9, 18, 'm', { id: 'e', number: 4 }]);
});

test('a job ends in every way there is, and keeps its text', () => {
  for (const [event, status] of [[completed, 'completed'], [failed('JOB_CANCELED'), 'canceled'], [failed('TIMEOUT_ERROR', true), 'failed'], [failed('JOB_NOT_FOUND'), 'lost'], [{ type: 'lost', error: { code: 'X', message: 'gone' } }, 'lost']]) {
    const job = after(live, progress('1', 40), text('1', 3), event);
    assert.equal(job.status, status);
    assert.ok(isOver(job));
    assert.equal(job.text, 'word word word ');
    assert.equal(job.connection, 'ended');
  }
});

test('after the end nothing that arrives late changes anything', () => {
  for (const end of [completed, failed('JOB_CANCELED'), failed('GENERATION_ERROR', true)]) {
    const job = after(live, progress('1', 40), text('1', 3), end);
    for (const late of [live, lost, progress('1', 90), progress('2', 90), text('2', 1), { type: 'heartbeat', status: 'streaming' }, failed('TIMEOUT_ERROR', true), completed, { type: 'stopAsked' }, { type: 'stopFailed' }, { type: 'lost', error: {} }, { type: 'script', text: 'other' }]) {
      assert.equal(reduceJob(job, { jobId: ID, ...late }), job, JSON.stringify(late));
    }
  }
});

test('events of another job change nothing', () => {
  const job = after(live, progress('1', 40));
  for (const event of [progress('1', 90), text('1', 3), completed, lost, said({ title: 'other' })]) {
    assert.equal(reduceJob(job, { jobId: 'job_2', ...event }), job);
  }
  assert.equal(reduceJob(job, { jobId: ID, type: 'toString' }), job);
});

test('a lost connection changes how the job is watched, not the job', () => {
  const before = after(live, progress('1', 40), text('1', 3));
  const cut = reduceJob(before, { jobId: ID, ...lost });
  assert.deepEqual(cut, { ...before, connection: 'reconnecting' });
  assert.deepEqual(reduceJob(cut, { jobId: ID, ...live }), before);
});

test('progress never goes back, except that a job taken up again starts from its last checkpoint', () => {
  assert.equal(after(progress('1', 40), progress('1', 12)).progress, 40);
  const again = after(live, progress('1', 40), text('1', 30), lost, live, progress('2', 12), text('2', 8));
  assert.deepEqual([again.progress, again.words, again.status], [12, 8, 'streaming']);
  const waits = after(live, progress('1', 40), text('1', 30), lost, live, progress('2', 12), { type: 'heartbeat', status: 'queued', queuePosition: 3 });
  assert.deepEqual([waits.status, waits.queuePosition, waits.text.length > 0], ['queued', 3, true]);
});

test('an answer that the stream has overtaken says nothing about figures or the queue', () => {
  const job = after(live, progress('1', 44), text('1', 30), said({ status: 'queued', queuePosition: 1, progress: 10, wordCount: 2 }));
  assert.deepEqual([job.progress, job.words, job.status, job.queuePosition, job.title], [44, 30, 'streaming', null, 'T']);
  assert.deepEqual([after(said({})).progress, after(said({})).words], [7, 3], 'before the stream says anything it is all there is');
});

test('a stop that does not arrive is known until the next one or the end', () => {
  assert.equal(after(live, { type: 'stopAsked' }).stop, 'asked');
  const job = after(live, { type: 'stopAsked' }, { type: 'stopFailed' }, lost, live, progress('2', 3));
  assert.equal(job.stop, 'failed');
  assert.equal(reduceJob(job, { jobId: ID, type: 'stopAsked' }).stop, 'asked');
  assert.equal(reduceJob(job, { jobId: ID, ...completed }).stop, 'none');
});

test('what is saved later is seen later, and a text that came too late to be streamed is fetched', () => {
  const unsaved = { ...completed, result: { ...completed.result, episodeId: null, episodeNumber: null } };
  const job = after(text('1', 3), unsaved);
  assert.equal(job.episode, null);
  const saved = reduceJob(job, { jobId: ID, ...said({ status: 'completed', savedToEpisode: true, episodeId: 'e', episodeNumber: 2 }) });
  assert.deepEqual(saved.episode, { id: 'e', number: 2 });
  assert.equal(after(failed('JOB_CANCELED'), { type: 'script', text: 'kept' }).text, 'kept');
});
