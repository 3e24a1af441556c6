// One job's event stream. At most one is open: browsers allow six connections to an origin.

import { apiUrl, call } from './api.js';

const NAMES = ['progress', 'preview', 'completed', 'failed', 'heartbeat'];
/** Heartbeats come every 30 s: a stream silent for longer than two has died without being closed. */
const SILENCE = 75_000;
const DROPPED_FOR = 1500;
const RETRY_FIRST = 2000;
const RETRY_LAST = 30_000;

/**
 * The text after a preview: `{ text, from }` with `from` the first place that may have changed, or null when a
 * delta leaves a gap.
 */
export function applyPreview(text, { markdown, delta, offset }) {
  if (typeof markdown === 'string') return { text: markdown, from: markdown.startsWith(text) ? text.length : 0 };
  if (typeof delta !== 'string' || !(offset >= 0 && offset <= text.length)) return null;
  return { text: text.slice(0, offset) + delta, from: offset };
}

/**
 * Follows one job, through lost connections, until it ends. What happens it tells `emit`, as the events of `state.js`
 * that carry the job's id.
 */
export class Feed {
  #emit;
  #source = null;
  #job = null;
  #mode;
  #text = '';
  #lastId = '';
  #resumedFrom = null;
  #timers = new Set();
  #silence = 0;
  #wait = RETRY_FIRST;

  /** `mode` is `delta` or `full`. */
  constructor(emit, mode) {
    this.#emit = (type, more) => emit({ type, jobId: this.#job, ...more });
    this.#mode = mode;
  }

  /** Leaves the present job and follows another from its present state. */
  follow(jobId) {
    this.close();
    this.#reset(jobId);
    this.#open('connecting');
  }

  /** Stops following; the job itself goes on. */
  close() {
    this.#disconnect();
    this.#job = null;
  }

  /** Breaks the connection and comes back a moment later with the id of the last event seen. */
  drop() {
    if (!this.#source) return;
    this.#disconnect();
    this.#tell('dropped', { id: this.#lastId });
    this.#later(() => this.#resume(), DROPPED_FOR);
  }

  /** Connects at once where the connection is being waited for: the network is back. */
  wake() {
    if (!this.#job || this.#source?.readyState === EventSource.OPEN || (!this.#source && this.#timers.size === 0)) return;
    this.#disconnect();
    this.#resume();
  }

  /** Full previews or deltas, from the next event on. */
  setMode(mode) {
    this.#mode = mode;
    if (!this.#source) return;
    this.#disconnect();
    this.#resume();
  }

  #reset(jobId) {
    this.#job = jobId;
    this.#text = '';
    this.#lastId = '';
    this.#resumedFrom = null;
    this.#wait = RETRY_FIRST;
  }

  #resume() {
    this.#remember();
    this.#open('reconnecting');
  }

  #remember() {
    if (this.#text) this.#resumedFrom ??= { id: this.#lastId, text: this.#text };
  }

  #open(name) {
    const query = new URLSearchParams();
    if (this.#mode === 'delta') query.set('preview', 'delta');
    if (this.#lastId) query.set('lastEventId', this.#lastId);
    const search = query.size > 0 ? `?${query}` : '';
    const source = new EventSource(apiUrl(`generations/${encodeURIComponent(this.#job)}/events${search}`));
    this.#source = source;
    this.#tell(name);
    this.#listenForSilence();
    source.onopen = () => this.#tell('live');
    source.onerror = () => this.#interrupted(source);
    for (const type of NAMES) source.addEventListener(type, (event) => this.#take(type, event));
  }

  #tell(name, blanks = null) {
    this.#emit('connection', { name });
    this.#note(`state_${name}`, blanks);
  }

  #note(key, blanks) {
    this.#emit('entry', { id: this.#lastId, key, blanks, at: Date.now() });
  }

  #disconnect() {
    this.#source?.close();
    this.#source = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#silence);
  }

  #take(name, { data, lastEventId }) {
    this.#listenForSilence();
    this.#wait = RETRY_FIRST;
    // An event without an id of its own carries the one before it, or none on a connection that is new.
    const own = lastEventId && lastEventId !== this.#lastId ? lastEventId : '';
    if (own) this.#lastId = own;
    this.#emit('entry', { id: own, name, data, at: Date.now() });
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    // Whatever the stream says, the job is the one that was asked for.
    const { jobId: _, type: __, ...said } = event;
    if (name === 'progress' || name === 'heartbeat') this.#emit(name, { ...said, epoch: this.#epoch() });
    if (name === 'preview') this.#preview(event);
    if (name === 'completed' || name === 'failed') this.#finish(name, said);
  }

  #epoch() {
    return this.#lastId.split('-')[0];
  }

  #preview(event) {
    const next = applyPreview(this.#text, event);
    if (!next) {
      // Text is missing: the present state, from the beginning, is always to be had.
      this.#disconnect();
      this.#reset(this.#job);
      this.#open('reconnecting');
      return;
    }
    this.#tellResumed(event, next.text);
    this.#text = next.text;
    const { wordCount, estimatedTokens } = event;
    this.#emit('text', { text: next.text, wordCount, estimatedTokens, epoch: this.#epoch() });
  }

  /** Notes that nothing is missing or doubled where the text was taken up again. */
  #tellResumed(event, next) {
    if (!this.#resumedFrom) return;
    const { id, text } = this.#resumedFrom;
    this.#resumedFrom = null;
    const seamless = event.offset === text.length || next.startsWith(text);
    const blanks = { id, length: text.length, added: next.length - text.length };
    this.#note(seamless ? 'note_resumed' : 'note_restarted', blanks);
  }

  #finish(name, event) {
    // The stream broke inside the service while the job goes on: EventSource comes back by itself.
    if (event.error?.code === 'SSE_ERROR') return;
    const markdown = event.result?.markdown;
    if (typeof markdown === 'string') this.#preview({ markdown, wordCount: event.result.wordCount, estimatedTokens: event.result.tokens });
    this.#disconnect();
    this.#note('state_ended', null);
    this.#emit('ended', { name, error: event.error, result: event.result });
  }

  async #interrupted(source) {
    if (source !== this.#source) return;
    this.#remember();
    if (source.readyState !== EventSource.CLOSED) {
      this.#tell('reconnecting');
      return;
    }
    // Closed for good, without a word why. The status object knows.
    this.#disconnect();
    this.#tell('reconnecting');
    const job = this.#job;
    let error = null;
    const status = await call('GET', `generations/${encodeURIComponent(job)}`).catch((failure) => (error = failure) && null);
    if (this.#job !== job || this.#source) return;
    if (error?.status === 404 || error?.status === 401 || error?.status === 403) {
      this.#emit('lost', { error: { code: error.code, message: error.message } });
      return;
    }
    // A finished job's stream says its end again to one that brings no id.
    if (['completed', 'failed', 'canceled'].includes(status?.status)) this.#reset(job);
    this.#later(() => this.#open('reconnecting'), this.#wait);
    this.#wait = Math.min(this.#wait * 2, RETRY_LAST);
  }

  #listenForSilence() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#disconnect();
      this.#resume();
    }, SILENCE);
  }

  #later(act, delay) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }
}
