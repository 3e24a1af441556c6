import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Service } from '../../page/service.js';
import { initial } from '../../page/state.js';
import { Store } from '../../page/store.js';

/** What was asked, and what is answered: a function of the method and the path. */
let asked = [];
let answer = () => ({});

globalThis.document = { baseURI: 'http://page.test/', documentElement: { lang: 'en' } };
globalThis.fetch = async (url, { method }) => {
  const path = new URL(url).pathname.replace('/api/v1/', '');
  asked.push(`${method} ${path}`);
  const { http = 200, ...body } = answer(method, path);
  return new Response(JSON.stringify(body), { status: http });
};

const gone = { http: 404, error: { code: 'EPISODE_NOT_FOUND', message: 'gone', retryable: false } };
const list = { episodes: [], total: 0 };

function opened(...events) {
  const store = new Store(initial({ language: 'en' }));
  for (const event of [{ type: 'typed', field: 'projectId', value: 'p' }, { type: 'projectChosen' }, ...events]) store.dispatch(event);
  return { store, service: new Service(store) };
}

beforeEach(() => {
  asked = [];
});

test('an episode that is gone already counts as deleted, and leaves the list', async () => {
  answer = (method) => (method === 'DELETE' ? gone : list);
  const { store, service } = opened({ type: 'episodes', projectId: 'p', items: [{ id: 'e' }], from: 0, total: 1, more: false });
  assert.equal(await service.deleteEpisode('p', 'e'), true);
  assert.deepEqual([store.state.episodes.items, store.state.episodes.error], [[], null]);

  answer = () => ({ http: 404 });
  assert.equal(await service.deleteEpisode('p', 'e'), false, 'a proxy that knows nothing does not say that');
  assert.equal(store.state.episodes.error.code, 'NETWORK');
});

test('an episode that is not there when it is opened leaves the list', async () => {
  answer = (_, path) => (path.endsWith('/e') ? gone : list);
  const listed = { type: 'episodes', projectId: 'p', items: [{ id: 'e' }], from: 0, total: 1, more: false };
  const { store, service } = opened(listed, { type: 'address', address: { kind: 'episode', projectId: 'p', id: 'e' } });
  await service.episode({ projectId: 'p', id: 'e' });
  assert.deepEqual([store.state.episode.error.status, store.state.episodes.items], [404, []]);
});

test('every script that is not saved yet is asked about in its turn', async () => {
  const entries = ['job_c', 'job_b', 'job_a'].map((jobId) => ({ jobId, title: jobId, projectId: 'p', status: 'completed', body: null }));
  const { store, service } = opened(...entries.map((entry) => ({ type: 'keptElsewhere', jobId: entry.jobId, entry })));
  answer = (_, path) => ({ jobId: path.split('/')[1], title: 'T', projectId: 'p', status: 'completed', savedToEpisode: path.endsWith('job_b') });
  for (let poll = 0; poll < 3; poll += 1) await service.kept(false);
  assert.equal(asked.length, 3);
  assert.ok(!store.state.kept.some(({ jobId }) => jobId === 'job_b'), 'the saved one has left');
});

test('a refused script is saved again on request', async () => {
  const { store, service } = opened({ type: 'address', address: { kind: 'job', jobId: 'job_a' } });
  answer = () => ({ jobId: 'job_a', title: 'T', projectId: 'p', status: 'completed', savedToEpisode: true, episodeId: 'e', episodeNumber: 3 });
  await service.save('job_a');
  assert.deepEqual(asked, ['POST generations/job_a/episode']);
  assert.equal(store.state.job.save, 'none');
  answer = () => ({ http: 502 });
  await service.save('job_a');
  assert.equal(store.state.job.save, 'failed');
});
