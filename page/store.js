// Holds the state and notifies the listeners of every change.

import { reduce } from './state.js';

/** The only place where the state changes. */
export class Store {
  #state;
  #listeners = [];
  #queue = [];
  #busy = false;

  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /** Calls `changed(state, before, event)` after every event that changed something. */
  listen(changed) {
    this.#listeners.push(changed);
  }

  /** Applies an event. An event from a listener waits until all listeners have seen the state before it. */
  dispatch(event) {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#queue.length > 0) this.#take(this.#queue.shift());
    } finally {
      this.#busy = false;
    }
  }

  #take(event) {
    const before = this.#state;
    this.#state = reduce(before, event);
    if (Object.keys(this.#state).every((key) => this.#state[key] === before[key])) return;
    for (const changed of this.#listeners) changed(this.#state, before, event);
  }
}
