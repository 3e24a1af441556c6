// Decides what the stage shows: messages, figures and buttons. It draws nothing.
// A message is `{ key, blanks }` for one of the page's own, or `{ said }` for one of the service's.

import { isOver } from './job.js';
import { wrotePlaceholder } from './models.js';
import { isOneOf } from './phrasebook.js';
import { bodyOfJob } from './state.js';

/** Failures that the same request would cause again, although their code is retryable. Their messages say what to do instead. */
const FINAL = ['failures.model_refused', 'failures.request_refused'];

/** Everything that `stage.js` draws. */
export function stageView(state) {
  const { address, job, episode } = state;
  if (job) return jobView(state, job);
  if (episode) return episodeView(state, episode);
  if (address.kind === 'wrong') return lostView(state, [{ key: 'wrongAddress' }]);
  return { ...nothing(state), shows: 'blank' };
}

/** The title to show next to an episode's number: a default title without the number that the request wished for. */
export function titleBeside(number, title, projectId) {
  // A title that a user chose is shown unchanged, even if it ends in a number.
  const own = number && title.startsWith(`${projectId} - Ep. `) && /^\d+$/.test(title.slice(`${projectId} - Ep. `.length));
  return own ? projectId : title;
}

function nothing({ notice }) {
  return {
    shows: 'job',
    end: '',
    connection: 'idle',
    title: '',
    meta: [],
    placeholder: false,
    progress: 0,
    facts: { step: null, queue: null, percent: null, remaining: null },
    counts: [],
    canStop: false,
    canDrop: false,
    stopping: false,
    canSave: false,
    saving: false,
    alert: null,
    note: notice && { sentence: { key: notice.key }, tone: notice.tone },
    earlier: null,
    prompt: '',
    paper: { name: '', text: '', live: false, faded: false },
  };
}

function jobView(state, job) {
  if (job.status === 'lost') return lostView(state, [{ said: job.error.message }], job.jobId);
  const over = isOver(job);
  const base = nothing(state);
  return {
    ...base,
    end: over ? job.status : '',
    connection: over ? 'ended' : connectionOf(state, job),
    title: titleBeside(job.episode?.number, job.title ?? '…', job.projectId),
    meta: [job.projectId, job.episode?.number && { key: 'episodeNumber', blanks: { number: job.episode.number } }, job.model].filter(Boolean),
    placeholder: wrotePlaceholder(job.model),
    progress: job.progress,
    facts: factsOf(job, over),
    counts: countsOf(job),
    canStop: !over,
    canDrop: state.developer && job.connection === 'live',
    stopping: job.stop === 'asked',
    canSave: isRefused(job),
    saving: job.save === 'asked',
    alert: alertOf(state, job),
    note: base.note ?? noteOf(state, job),
    earlier: job.earlier && job.earlier.jobId,
    paper: paperOf(job, over),
  };
}

function connectionOf({ online }, { connection }) {
  return online || connection === 'live' ? connection : 'offline';
}

function factsOf({ status, step, progress, remaining, queuePosition }, over) {
  const waits = status === 'queued' && queuePosition;
  return {
    step: over ? { key: `status_${status}` } : step ? { said: step } : null,
    queue: waits ? { key: 'queuedAt', blanks: { position: queuePosition } } : null,
    percent: progress > 0 || !over ? { key: 'percent', blanks: { percent: progress } } : null,
    remaining: !over && remaining > 0 ? { key: 'remaining', seconds: remaining } : null,
  };
}

function countsOf({ words, tokens }) {
  if (!words && !tokens) return [];
  return [{ key: 'words', blanks: { words } }, { key: 'tokens', blanks: { tokens } }];
}

/** What went wrong and what to do about it: `{ sentences, code, retry }`. */
function alertOf(state, job) {
  if (job.stop === 'failed') return { sentences: [{ key: 'cancelFailed' }], code: '', retry: false };
  if (job.save === 'failed') return { sentences: [{ key: 'saveFailed' }], code: '', retry: false };
  if (job.status !== 'failed') return null;
  const { code, message, retryable } = job.error;
  const refused = state.retry?.jobId === job.jobId ? state.retry.error : null;
  if (refused) return { sentences: refusal(refused), code: refused.code === 'NETWORK' ? '' : refused.code, retry: true };
  if (isOneOf(state.phrases, FINAL, message)) return { sentences: [{ said: message }], code, retry: false };
  const retry = retryable && bodyOfJob(state, job.jobId) !== null;
  const advice = retry ? [] : [{ key: retryable ? 'noRetryHere' : 'retryUseless' }];
  return { sentences: [{ said: message }, ...advice], code, retry };
}

/** Why a request was refused, and when to try again. */
export function refusal({ code, status, message, details, retryAfter }) {
  if (code === 'NETWORK') return [{ key: status ? 'badAnswer' : 'noConnection' }];
  const named = details.flatMap(({ field, message: text }) => [{ key: 'named', blanks: { field } }, { said: text }]);
  const later = { 0: { key: 'retryNow' } }[retryAfter] ?? { key: 'retryAfter', blanks: { seconds: retryAfter } };
  const timed = status === 429 || status === 503;
  return [{ said: message }, ...named, ...(timed ? [later] : [])];
}

function noteOf(state, job) {
  if (job.status === 'completed') {
    if (!job.episode) return { sentence: { key: isRefused(job) ? 'saveRefused' : 'notSaved' }, tone: 'wait' };
    const { number } = job.episode;
    return { sentence: number ? { key: 'saved', blanks: { number } } : { key: 'savedNoNumber' }, tone: 'good' };
  }
  if (job.status === 'canceled') return { sentence: { said: job.error.message }, tone: 'plain' };
  if (isOver(job)) return null;
  if (job.stop === 'asked') return { sentence: { key: 'stopping' }, tone: 'plain' };
  const connection = connectionOf(state, job);
  const known = { offline: 'note_offline', reconnecting: 'note_reconnecting', dropped: 'note_dropped' }[connection];
  return known ? { sentence: { key: known }, tone: 'wait' } : null;
}

/** Whether the episode store refused the script for good, so the service will not try again by itself. */
function isRefused({ status, episode, episodeStatus }) {
  return status === 'completed' && !episode && episodeStatus === 'refused';
}

function paperOf({ jobId: name, text, earlier }, over) {
  if (text === '' && earlier) return { name, text: earlier.text, live: false, faded: true };
  // Follow the end only of a text that grows. A complete text is read from its beginning.
  return { name, text, live: !over && text !== '', faded: false };
}

function episodeView(state, { id, title, projectId, number, script, promptSnapshot, error }) {
  const base = { ...nothing(state), shows: 'episode', title: '…' };
  if (error?.status === 404 && error.code !== 'NETWORK') return { ...lostView(state, [{ said: error.message }]), title: { key: 'lostEpisode' } };
  if (error) return { ...base, alert: { sentences: [error.code === 'NETWORK' ? { key: 'readFailed' } : { said: error.message }], code: '', retry: false } };
  if (!script) return base;
  const meta = [projectId, { key: 'episodeNumber', blanks: { number } }];
  return { ...base, title: titleBeside(number, title, projectId), meta, prompt: promptSnapshot ?? '', paper: { name: id, text: script.markdown, live: false, faded: false } };
}

function lostView(state, sentences, jobId = '') {
  const alert = { sentences, code: '', retry: false };
  return { ...nothing(state), end: 'lost', title: { key: jobId ? 'lostTitle' : 'wrongTitle' }, meta: [jobId].filter(Boolean), alert };
}
