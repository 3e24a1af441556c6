import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Feed } from '../../page/feed.js';

const ID = 'job_1';
/** Every connection that was opened, the newest last. */
let opened = [];
/** What the status request is answered with. */
let answer = () => new Response('{}');
let events = [];

class FakeSource extends EventTarget {
  static OPEN = 1;
  static CLOSED = 2;
  readyState = 0;

  constructor(url) {
    super();
    this.url = new URL(url);
    opened.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  say(name, data, lastEventId = '') {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data), lastEventId }));
  }

  break(readyState) {
    this.readyState = readyState;
    this.onerror();
  }

  close() {
    this.readyState = 2;
  }
}

globalThis.document = { baseURI: 'http://page.test/', documentElement: { lang: 'en' } };
globalThis.EventSource = FakeSource;
globalThis.fetch = async () => answer();

function followed() {
  const feed = new Feed((event) => event.type !== 'entry' && events.push(event), 'delta');
  feed.follow(ID);
  opened[0].open();
  opened[0].say('progress', { value: 5, currentStep: 's', jobId: 'other' }, '1-3');
  opened[0].say('preview', { delta: 'Hello', offset: 0, wordCount: 1, estimatedTokens: 2 }, '1-4');
  return feed;
}

const connections = () => events.filter(({ type }) => type === 'connection').map(({ name }) => name);
const texts = () => events.filter(({ type }) => type === 'text').map(({ text }) => text);
/** Lets what waits for an answer go on. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
};

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  [opened, events] = [[], []];
  answer = () => new Response('{}');
});

test('a stream is told as events of the job that was asked for', () => {
  followed();
  assert.equal(opened[0].url.pathname, '/api/v1/generations/job_1/events');
  assert.deepEqual(connections(), ['connecting', 'live']);
  assert.deepEqual(events[2], { type: 'progress', jobId: ID, value: 5, currentStep: 's', epoch: '1' });
  assert.deepEqual(events[3], { type: 'text', jobId: ID, text: 'Hello', wordCount: 1, estimatedTokens: 2, epoch: '1' });
});

test('a dropped connection comes back with the id of the last event', () => {
  const feed = followed();
  feed.drop();
  assert.deepEqual([connections().at(-1), opened.length], ['dropped', 1]);
  mock.timers.tick(1500);
  assert.deepEqual([opened.length, opened[1].url.searchParams.get('lastEventId')], [2, '1-4']);
  opened[1].open();
  opened[1].say('preview', { delta: ' there', offset: 5 }, '1-6');
  assert.deepEqual(texts(), ['Hello', 'Hello there']);
});

test('a delta that leaves a gap is answered by a fresh start', () => {
  followed();
  opened[0].say('preview', { delta: 'x', offset: 99 }, '1-6');
  assert.deepEqual([opened.length, opened[1].url.searchParams.get('lastEventId')], [2, null]);
  opened[1].say('preview', { delta: 'Hello, all', offset: 0 }, '1-9');
  assert.deepEqual(texts(), ['Hello', 'Hello, all']);
});

test('the end comes once, with its whole text before it', () => {
  followed();
  opened[0].say('completed', { jobId: ID, result: { markdown: 'Hello. THE END', wordCount: 3, tokens: 4 } }, '1-9');
  assert.deepEqual(events.slice(-2).map(({ type, text, name }) => [type, text ?? name]), [['text', 'Hello. THE END'], ['ended', 'completed']]);
  assert.equal(opened[0].readyState, FakeSource.CLOSED);
  mock.timers.tick(600_000);
  assert.equal(opened.length, 1, 'nobody comes back');
});

test('a stream that broke inside the service is not the end of its job', () => {
  followed();
  opened[0].say('failed', { error: { code: 'SSE_ERROR', message: 'm', retryable: true } });
  assert.ok(!events.some(({ type }) => type === 'ended'));
});

test('a connection that is closed for good is tried again, ever more slowly', async () => {
  answer = () => new Response('{"error":{"code":"SHUTTING_DOWN","message":"m"}}', { status: 503 });
  followed();
  for (const pause of [2000, 4000, 8000]) {
    const before = opened.length;
    opened.at(-1).break(FakeSource.CLOSED);
    await settled();
    mock.timers.tick(pause - 1);
    assert.equal(opened.length, before);
    mock.timers.tick(1);
    assert.equal(opened.length, before + 1);
  }
  assert.equal(connections().at(-1), 'reconnecting');
});

test('a job that the service no longer knows is lost', async () => {
  answer = () => new Response('{"error":{"code":"JOB_NOT_FOUND","message":"gone"}}', { status: 404 });
  followed();
  opened[0].break(FakeSource.CLOSED);
  await settled();
  assert.deepEqual(events.at(-1), { type: 'lost', jobId: ID, error: { code: 'JOB_NOT_FOUND', message: 'gone' } });
  mock.timers.tick(600_000);
  assert.equal(opened.length, 1);
});

test('the answer about a job that is no longer followed is not acted on', async () => {
  answer = () => new Response('{"error":{"code":"JOB_NOT_FOUND","message":"gone"}}', { status: 404 });
  const feed = followed();
  opened[0].break(FakeSource.CLOSED);
  feed.follow('job_2');
  await settled();
  assert.ok(!events.some(({ type }) => type === 'lost'));
  assert.equal(opened.length, 2);
});

test('once the network is back nobody waits', async () => {
  const feed = followed();
  feed.wake();
  assert.equal(opened.length, 1, 'a connection that lives is left alone');
  opened[0].break(0);
  feed.wake();
  assert.deepEqual([opened.length, opened[0].readyState, opened[1].url.searchParams.get('lastEventId')], [2, FakeSource.CLOSED, '1-4']);
  opened[1].say('failed', { error: { code: 'JOB_CANCELED', message: 'm', retryable: false } }, '1-9');
  feed.wake();
  assert.equal(opened.length, 2, 'nor one that has ended');
});

test('a stream that says nothing for longer than two heartbeats is opened again', () => {
  followed();
  mock.timers.tick(74_000);
  opened[0].say('heartbeat', { status: 'streaming' });
  mock.timers.tick(74_000);
  assert.equal(opened.length, 1);
  mock.timers.tick(1000);
  assert.equal(opened.length, 2);
});
