// One job's event stream. At most one is open: browsers allow six connections to an origin.

import { apiUrl, call } from './api.js';

const NAMES = ['progress', 'preview', 'completed', 'failed', 'heartbeat'];
/** Milliseconds. Heartbeats come every 30 s, so a stream that misses two is dead, although nobody closed it. */
const SILENCE = 75_000;
const DROPPED_FOR = 1500;
const RETRY_FIRST = 2000;
const RETRY_LAST = 30_000;

/**
 * The text after a preview, as `{ text, from }`, where `from` is the first position that may have changed. Null if a
 * delta leaves a gap.
 */
export function applyPreview(text, { markdown, delta, offset }) {
  if (typeof markdown === 'string') return { text: markdown, from: markdown.startsWith(text) ? text.length : 0 };
  if (typeof delta !== 'string' || !(offset >= 0 && offset <= text.length)) return null;
  return { text: text.slice(0, offset) + delta, from: offset };
}

/**
 * Follows one job until it ends, across lost connections. Calls `emit` with the events of `state.js` that carry the
 * job's id.
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

  /** Leaves the current job and follows another from its current state. */
  follow(jobId) {
    this.close();
    this.#reset(jobId);
    this.#open('connecting');
  }

  /** Stops following. The job continues. */
  close() {
    this.#disconnect();
    this.#job = null;
  }

  /** Closes the connection, then reconnects a moment later with the id of the last event. */
  drop() {
    if (!this.#source) return;
    this.#disconnect();
    this.#tell('dropped', { id: this.#lastId });
    this.#later(() => this.#resume(), DROPPED_FOR);
  }

  /** Reconnects immediately instead of waiting, because the network is back. */
  wake() {
    if (!this.#job || this.#source?.readyState === EventSource.OPEN || (!this.#source && this.#timers.size === 0)) return;
    this.#disconnect();
    this.#resume();
  }

  /** Switches between full previews and deltas, from the next event on. */
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
    // An event without an id reports the previous event's id, or none on a new connection.
    const own = lastEventId && lastEventId !== this.#lastId ? lastEventId : '';
    if (own) this.#lastId = own;
    this.#emit('entry', { id: own, name, data, at: Date.now() });
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    // Ignore the job that the event names: the stream belongs to the job that we asked for.
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
      // Text is missing. Start over: a new stream always begins with the whole text.
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

  /** Logs whether the text continued seamlessly after a reconnect. */
  #tellResumed(event, next) {
    if (!this.#resumedFrom) return;
    const { id, text } = this.#resumedFrom;
    this.#resumedFrom = null;
    const seamless = event.offset === text.length || next.startsWith(text);
    const blanks = { id, length: text.length, added: next.length - text.length };
    this.#note(seamless ? 'note_resumed' : 'note_restarted', blanks);
  }

  #finish(name, event) {
    // The stream broke inside the service, but the job continues. EventSource reconnects by itself.
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
    // EventSource closed for good and does not say why. The job's status does.
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
    // Without an id, a finished job's stream sends its terminal event again.
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
