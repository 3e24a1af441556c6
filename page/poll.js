// Polls the active jobs every few seconds while the page is visible.

import { ApiError } from './api.js';

const EVERY = 4000;
const AFTER_FAILURE = 10_000;
const SHOWN = 20;

/** The page's only poll. */
export class Poll {
  #service;
  #dispatch;
  #timer = 0;
  #asking = false;
  #again = false;

  constructor(service, dispatch) {
    this.#service = service;
    this.#dispatch = dispatch;
    document.addEventListener('visibilitychange', () => this.now());
  }

  /** Polls now, then continues at the interval. */
  async now() {
    clearTimeout(this.#timer);
    if (this.#asking) this.#again = true;
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    const wait = await this.#ask();
    this.#asking = false;
    const next = this.#again ? 0 : wait;
    this.#again = false;
    this.#timer = setTimeout(() => this.now(), next);
  }

  async #ask() {
    try {
      const { jobs, total } = await this.#service.ask('GET', `generations/active?limit=${SHOWN}`);
      this.#dispatch({ type: 'active', jobs, total });
      await this.#service.kept(false);
      return EVERY;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#dispatch({ type: 'activeFailed' });
      return error.retryAfter * 1000 || AFTER_FAILURE;
    }
  }
}
