// The raw event log for developers: what arrived, with ids.

import { element, keyed } from './elements.js';

/** The most entries to keep, and the most characters of each. */
const MOST = 200;
const DATA = 300;

/** The log after an event. An `entry` holds an event of the stream, or a note as the `key` of a message. */
export function reduceLog(log, event) {
  if (event.type !== 'entry') return log;
  const { id, name, data = '', key = null, blanks = null, at } = event;
  const number = log.events + 1;
  const entry = { number, id, name, data: data.slice(0, DATA), size: data.length, key, blanks, at };
  return { entries: [...log.entries.slice(1 - MOST), entry], events: number, characters: log.characters + data.length };
}

/** Shows the log as a list, newest first, while it is expanded. */
export class LogView {
  #fold;
  #list;
  #count;
  #redraw;

  constructor(get, redraw) {
    this.#fold = get('log');
    this.#list = get('events');
    this.#count = get('log-count');
    this.#redraw = redraw;
    this.#fold.addEventListener('toggle', () => this.#redraw());
  }

  draw({ log, developer }, speech) {
    this.#fold.hidden = !developer;
    this.#count.textContent = `${log.events} · ${(log.characters / 1024).toFixed(1)} KB`;
    if (!developer || !this.#fold.open) return;
    keyed(this.#list, [...log.entries].reverse(), ({ number }) => number, row, (item, { key, blanks }) => {
      if (key) item.querySelector('b').textContent = speech.t(key, blanks);
    });
  }
}

function row({ id, name, data, key, at, size }) {
  const item = element('li', key ? 'note' : 'event');
  const stamp = new Date(at);
  const time = element('time', '', `${stamp.toTimeString().slice(0, 8)}.${String(stamp.getMilliseconds()).padStart(3, '0')}`);
  const label = element('b', `name ${name ?? ''}`, name ?? '');
  item.append(time, element('code', 'id', id), label, element('span', 'data', data), element('span', 'size', size ? `${size}` : ''));
  return item;
}
