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

/** Follows one job, through lost connections, until it ends; tells `on` what happens. */
export class Feed {
  #on;
  #source = null;
  #job = null;
  #mode;
  #text = '';
  #lastId = '';
  #resumedFrom = null;
  #timers = new Set();
  #silence = 0;
  #wait = RETRY_FIRST;

  /** `on` has `state(name)`, `progress`, `text`, `heartbeat`, `end`, `entry(id, name, data)`, `resumed` and `lost(error)`. */
  constructor(on, mode) {
    this.#on = on;
    this.#mode = mode;
  }

  /** The job that is followed, or null. */
  get job() {
    return this.#job;
  }

  /** The id of the last event seen. */
  get lastId() {
    return this.#lastId;
  }

  /** `delta` or `full`. */
  get mode() {
    return this.#mode;
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
    if (this.#job) this.#on.state('closed');
    this.#job = null;
  }

  /** Breaks the connection and comes back a moment later with the id of the last event seen. */
  drop() {
    if (!this.#source) return;
    this.#disconnect();
    this.#on.state('dropped');
    this.#later(() => this.#resume(), DROPPED_FOR);
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
    if (this.#text) this.#resumedFrom ??= { id: this.#lastId, length: this.#text.length, text: this.#text };
  }

  #open(state) {
    const query = new URLSearchParams();
    if (this.#mode === 'delta') query.set('preview', 'delta');
    if (this.#lastId) query.set('lastEventId', this.#lastId);
    const search = query.size > 0 ? `?${query}` : '';
    const source = new EventSource(apiUrl(`generations/${encodeURIComponent(this.#job)}/events${search}`));
    this.#source = source;
    this.#on.state(state);
    this.#listenForSilence();
    source.onopen = () => this.#on.state('live');
    source.onerror = () => this.#interrupted(source);
    for (const name of NAMES) source.addEventListener(name, (event) => this.#take(name, event));
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
    this.#on.entry(own, name, data);
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (name === 'progress' || name === 'heartbeat') this.#on[name](event);
    if (name === 'preview') this.#preview(event);
    if (name === 'completed' || name === 'failed') this.#finish(name, event);
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
    this.#tellResumed(event, next);
    this.#text = next.text;
    this.#on.text(next.text, next.from, event);
  }

  /** Shows that nothing is missing or doubled where the text was taken up again. */
  #tellResumed(event, next) {
    if (!this.#resumedFrom) return;
    const { id, length, text } = this.#resumedFrom;
    this.#resumedFrom = null;
    const seamless = event.offset === length || next.text.startsWith(text);
    this.#on.resumed({ id, length, added: next.text.length - length, seamless });
  }

  #finish(name, event) {
    // The stream broke inside the service while the job goes on: EventSource comes back by itself.
    if (event.error?.code === 'SSE_ERROR') return;
    const markdown = event.result?.markdown;
    if (typeof markdown === 'string') this.#preview({ markdown });
    this.#disconnect();
    this.#on.state('ended');
    this.#on.end(name, event, this.#text);
  }

  async #interrupted(source) {
    if (source !== this.#source) return;
    this.#remember();
    if (source.readyState !== EventSource.CLOSED) {
      this.#on.state('reconnecting');
      return;
    }
    // Closed for good, without a word why. The status object knows.
    this.#disconnect();
    const job = this.#job;
    let error = null;
    const status = await call('GET', `generations/${encodeURIComponent(job)}`).catch((failure) => (error = failure) && null);
    if (this.#job !== job || this.#source) return;
    if (error?.status === 404 || error?.status === 401 || error?.status === 403) {
      this.#on.state('closed');
      this.#on.lost(error);
      return;
    }
    // A finished job's stream says its end again to one that brings no id.
    if (['completed', 'failed', 'canceled'].includes(status?.status)) this.#reset(job);
    this.#on.state('reconnecting');
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
