// Holds the state; whoever draws it or acts on its changes is told of each.

import { reduce } from './state.js';

/** The one place where the state changes. */
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

  /** `changed(state, before, event)` is called after every event that changed something. */
  listen(changed) {
    this.#listeners.push(changed);
  }

  /** Takes an event. One that a listener sends waits until all have seen the state before it. */
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
