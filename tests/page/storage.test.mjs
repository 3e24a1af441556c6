import assert from 'node:assert/strict';
import { test } from 'node:test';

import { forget, recall, recallAll, recallHere, remember, rememberHere } from '../../page/storage.js';

/** A storage as browsers have it: its entries are its own properties, its methods are not. */
class FakeStorage {
  getItem(key) {
    return this[key] ?? null;
  }

  setItem(key, value) {
    this[key] = value;
  }

  removeItem(key) {
    delete this[key];
  }
}

function windowOf(localStorage, sessionStorage = new FakeStorage()) {
  Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
  Object.defineProperty(globalThis, 'sessionStorage', { value: sessionStorage, configurable: true });
}

test('a window that is reloaded finds its own text, and a new one the newest', () => {
  const [shared, first, second] = [new FakeStorage(), new FakeStorage(), new FakeStorage()];
  windowOf(shared, first);
  rememberHere('draft', 'A');
  windowOf(shared, second);
  assert.equal(recallHere('draft'), 'A');
  rememberHere('draft', 'B');
  windowOf(shared, first);
  assert.equal(recallHere('draft'), 'A');
  windowOf(shared);
  assert.equal(recallHere('draft'), 'B');
});

test('keys with the same beginning are recalled together', () => {
  windowOf(new FakeStorage());
  remember('script/a', 1);
  remember('script/b', 2);
  remember('language', 'ko');
  forget('script/a');
  assert.deepEqual(recallAll('script/'), [2]);
});

test('where storage is blocked the page forgets', () => {
  const blocked = { get: () => { throw new Error('blocked'); }, configurable: true };
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name, blocked);
  rememberHere('draft', 'A');
  forget('draft');
  assert.deepEqual([recallHere('draft'), recall('draft'), recallAll('')], [null, null, []]);
});
