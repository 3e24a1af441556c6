// The raw event log: what arrived, with ids, for those who want to see it.

import { element } from './sheet.js';

/** The newest `limit` entries, and how much has passed through altogether. */
export class EventLog {
  entries = [];
  events = 0;
  characters = 0;
  #limit;

  constructor(limit = 200) {
    this.#limit = limit;
  }

  /** Adds an entry and forgets the oldest beyond the bound; `data` is kept only in part. */
  push(entry) {
    this.events += 1;
    this.characters += entry.data.length;
    this.entries.push({ ...entry, size: entry.data.length, data: entry.data.slice(0, 300) });
    if (this.entries.length > this.#limit) this.entries.shift();
  }
}

/** Shows an event log in a list, newest first, while its fold is open. */
export class LogView {
  #log = new EventLog();
  #fold;
  #list;
  #count;
  #shown = 0;

  constructor(fold, list, count) {
    this.#fold = fold;
    this.#list = list;
    this.#count = count;
    fold.addEventListener('toggle', () => this.#render());
  }

  /** Notes one event, or something that happened to the connection (`kind` is `note`). */
  add(id, name, data, kind = 'event') {
    this.#log.push({ id, name, data, kind, at: new Date() });
    this.#render();
  }

  #render() {
    const { entries, events, characters } = this.#log;
    this.#count.textContent = `${events} · ${(characters / 1024).toFixed(1)} KB`;
    if (!this.#fold.open) return;
    const fresh = Math.min(events - this.#shown, entries.length);
    this.#shown = events;
    this.#list.prepend(...(fresh > 0 ? entries.slice(-fresh) : []).reverse().map(row));
    while (this.#list.childElementCount > entries.length) this.#list.lastElementChild.remove();
  }
}

function row({ id, name, data, kind, at, size }) {
  const item = element('li', kind);
  const time = element('time', '', `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`);
  const label = element('b', `name ${name}`, name);
  item.append(time, element('code', 'id', id), label, element('span', 'data', data), element('span', 'size', size ? `${size}` : ''));
  return item;
}
