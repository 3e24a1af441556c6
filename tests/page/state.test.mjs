import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changesOfKept, keptScripts } from '../../page/kept.js';
import { activeJobs, bodyOfJob, initial, reduce } from '../../page/state.js';

const after = (...events) => events.reduce(reduce, initial({ language: 'ko' }));
const body = { projectId: 'p', description: 'd' };
const at = (jobId) => ({ type: 'address', address: { kind: 'job', jobId } });
const reading = (projectId, id) => ({ type: 'address', address: { kind: 'episode', projectId, id } });
const sent = (jobId, retryOf = null) => ({ type: 'sent', job: { jobId, title: `T ${jobId}`, projectId: 'p' }, body, retryOf });
const text = (jobId, words) => ({ type: 'text', jobId, epoch: '1', text: words, wordCount: 1, estimatedTokens: 1 });
const failed = (jobId, code, retryable) => ({ type: 'ended', jobId, name: 'failed', error: { code, message: code, retryable } });
const completed = (jobId, episodeId) => ({ type: 'ended', jobId, name: 'completed', result: { wordCount: 1, tokens: 1, modelUsed: 'm', episodeId, episodeNumber: episodeId && 1 } });
const status = (jobId, more) => ({ type: 'status', jobId, job: { jobId, title: 'T', projectId: 'p', status: 'streaming', savedToEpisode: false, ...more } });
const kept = (state) => keptScripts(state.kept).map(({ jobId, status: now }) => `${jobId} ${now}`);

test('stopped and failed scripts are listed, newest first, and saved ones are not', () => {
  const state = after(sent('job_a'), at('job_a'), failed('job_a', 'JOB_CANCELED', false), sent('job_b'), at('job_b'), failed('job_b', 'TIMEOUT_ERROR', true), sent('job_c'), at('job_c'), completed('job_c', 'e'), sent('job_d'), at('job_d'), completed('job_d', null));
  assert.deepEqual(kept(state), ['job_d completed', 'job_b failed', 'job_a canceled']);
  assert.deepEqual(kept(reduce(state, status('job_d', { status: 'completed', savedToEpisode: true }))), ['job_b failed', 'job_a canceled']);
  assert.deepEqual(kept(reduce(state, { type: 'forgotten', jobId: 'job_b' })), ['job_d completed', 'job_a canceled']);
});

test('a script that ended while nobody watched is listed once its status is known', () => {
  const state = after(sent('job_a'), status('job_a', { status: 'failed' }));
  assert.deepEqual(kept(state), ['job_a failed']);
  assert.equal(state.job, null);
});

test('a script that was started elsewhere and stopped here is listed too, and cannot be repeated', () => {
  const state = after(at('job_x'), status('job_x', { title: 'Elsewhere' }), failed('job_x', 'JOB_CANCELED', false));
  assert.deepEqual(state.kept.map(({ title }) => title), ['Elsewhere']);
  assert.equal(bodyOfJob(state, 'job_x'), null);
});

test('another window and a broken memory are taken as they are', () => {
  const elsewhere = [{ jobId: 'job_z', title: 'Z', projectId: 'p', status: 'failed', body: null }];
  const said = (entry) => ({ type: 'keptElsewhere', jobId: 'job_z', entry });
  assert.deepEqual(after(said(elsewhere[0])).kept, elsewhere);
  for (const broken of [null, 'text', {}]) assert.deepEqual(after(said(broken)).kept, []);
  assert.deepEqual(initial({ language: 'ko', kept: [null, { jobId: 5 }, ...elsewhere] }).kept, elsewhere);
  let many = initial({ language: 'ko' });
  for (let n = 0; n < 100; n += 1) many = reduce(many, sent(`job_${n}`));
  assert.deepEqual([many.kept.length, many.kept[0].jobId], [30, 'job_99']);
});

test('two windows that order at the same time keep both orders, and each stores only its own', () => {
  const other = { ...after(sent('job_b')).kept[0] };
  const [first, second] = [after(sent('job_a')), after(sent('job_a'), { type: 'keptElsewhere', jobId: 'job_b', entry: other })];
  assert.deepEqual(second.kept.map(({ jobId }) => jobId).sort(), ['job_a', 'job_b']);
  assert.deepEqual(bodyOfJob(second, 'job_b'), body);
  const ended = reduce(second, status('job_a', { status: 'failed' }));
  const ids = ({ changed, removed }) => [changed, removed].map((entries) => entries.map(({ jobId }) => jobId));
  assert.deepEqual(ids(changesOfKept(second.kept, ended.kept)), [['job_a'], []]);
  assert.deepEqual(ids(changesOfKept(second.kept, reduce(second, { type: 'forgotten', jobId: 'job_b' }).kept)), [[], ['job_b']]);
  assert.deepEqual(reduce(second, { type: 'keptElsewhere', jobId: 'job_b', entry: null }).kept, first.kept);
  const later = [sent('job_c')].reduce(reduce, second);
  const reopened = initial({ language: 'ko', kept: [...later.kept].reverse() });
  assert.equal(reopened.kept[0].jobId, 'job_c', 'in whatever order the storage has them');
});

test('written again, a script shows the earlier attempt until it has words of its own', () => {
  const first = after(sent('job_a'), at('job_a'), text('job_a', 'half a script'), failed('job_a', 'TIMEOUT_ERROR', true));
  assert.deepEqual(bodyOfJob(first, 'job_a'), body);
  const again = [{ type: 'sending', pending: {}, retryOf: 'job_a' }, sent('job_b', 'job_a'), at('job_b')].reduce(reduce, first);
  assert.deepEqual([again.job.text, again.job.earlier], ['', { jobId: 'job_a', text: 'half a script' }]);
  assert.deepEqual(kept(again), ['job_a failed']);
  const other = [at('job_c')].reduce(reduce, first);
  assert.equal(other.job.earlier, null, 'only the repetition, not whatever is opened next');
  const refused = [{ type: 'sending', pending: {}, retryOf: 'job_a' }, { type: 'refused', retryOf: 'job_a', error: { code: 'QUEUE_FULL', retryAfter: 5, details: [] } }].reduce(reduce, first);
  assert.deepEqual([refused.job.text, refused.retry.error.code], ['half a script', 'QUEUE_FULL']);
  assert.equal(reduce(refused, { type: 'retryDue' }).retry.error.retryAfter, 0);
});

test('events of a job that is no longer shown reach neither the sheet nor the lists', () => {
  const state = after(at('job_a'), text('job_a', 'a'), at('job_b'));
  for (const late of [text('job_a', 'late'), failed('job_a', 'TIMEOUT_ERROR', true), { type: 'script', jobId: 'job_a', text: 'late' }]) {
    const next = reduce(state, late);
    assert.deepEqual([next.job, next.kept], [state.job, state.kept], late.type);
  }
  const episode = after(reading('p', 'e1'), reading('p', 'e2'));
  assert.equal(reduce(episode, { type: 'episode', episode: { id: 'e1', title: 'late' } }).episode.title, undefined);
  assert.equal(reduce(episode, { type: 'episodeFailed', id: 'e1', error: {} }).episode.error, undefined);
});

test('the list says what the sheet says of the same job', () => {
  const job = { jobId: 'job_a', title: 'T', projectId: 'p', status: 'streaming', progress: 10, currentStep: 'S', queuePosition: null };
  const other = { ...job, jobId: 'job_b' };
  const state = after(at('job_a'), { type: 'progress', jobId: 'job_a', epoch: '1', value: 44, currentStep: 'Writing' }, { type: 'active', jobs: [job, other], total: 2 });
  assert.deepEqual(activeJobs(state).map(({ progress, currentStep }) => [progress, currentStep]), [[44, 'Writing'], [10, 'S']]);
  assert.deepEqual(activeJobs(reduce(state, completed('job_a', 'e'))).map(({ jobId }) => jobId), ['job_b']);
  const stale = reduce(state, { type: 'activeFailed' });
  assert.deepEqual([stale.active.stale, stale.active.jobs.length], [true, 2]);
});

test('the episodes are those of the project that was chosen last', () => {
  const typed = [{ type: 'typed', field: 'projectId', value: ' mine ' }];
  assert.equal(after(...typed).episodes.projectId, 'seoul-after-rain', 'not while it is being typed');
  const chosen = after(...typed, { type: 'projectChosen' });
  assert.equal(chosen.episodes.projectId, 'mine');
  const asked = reduce(chosen, reading('other', 'e'));
  const dead = reduce(asked, { type: 'episodeFailed', id: 'e', error: { code: 'EPISODE_NOT_FOUND', status: 404, message: 'm' } });
  assert.equal(dead.episodes.projectId, 'mine', 'a dead address moves nothing');
  const read = reduce(asked, { type: 'episode', episode: { id: 'e' } });
  assert.deepEqual([read.episodes.projectId, read.episodes.total], ['other', null]);
  assert.equal(reduce(read, { type: 'projectChosen' }).episodes.projectId, 'mine');
  const late = { type: 'episodes', projectId: 'mine', items: [{ id: 'x' }], from: 0, total: 1, more: false };
  assert.equal(reduce(read, late).episodes.items.length, 0, 'a list that comes late is of another project');
  const list = [{ ...late, projectId: 'other' }, { ...late, projectId: 'other', items: [{ id: 'y' }], more: true }].reduce(reduce, read);
  assert.deepEqual(list.episodes.items.map(({ id }) => id), ['x', 'y']);
  const followed = [at('job_a'), status('job_a', { projectId: 'jobs' })].reduce(reduce, chosen);
  assert.equal(followed.episodes.projectId, 'jobs');
  const edited = [{ type: 'projectChosen' }, status('job_a', { projectId: 'jobs' })].reduce(reduce, followed);
  assert.equal(edited.episodes.projectId, 'mine', 'and the job does not take it back');
});

test('a switch of the language changes the language and the example, nothing else', () => {
  const state = after(at('job_a'), text('job_a', 'a'), { type: 'notice', key: 'copied' });
  const { language, draft, ...rest } = reduce(state, { type: 'language', language: 'en' });
  const { language: _, draft: __, ...before } = state;
  assert.equal(language, 'en');
  assert.match(draft.fields.description, /^A film lab/);
  assert.deepEqual(rest, before);
});

test('an unknown event changes nothing', () => {
  const state = after(at('job_a'));
  for (const type of ['nothing', 'constructor', 'toString']) assert.deepEqual(reduce(state, { type }), state);
});
