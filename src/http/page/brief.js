// The form of a new script: its example, what it sends, and the faults the service finds in it.

import { ApiError, call, uniqueKey } from './api.js';
import { language, t } from './i18n.js';
import { element } from './sheet.js';
import { recall, rememberHere } from './storage.js';

const NUMBERS = new Set(['episodeNumber', 'temperature', 'lengthTarget']);
const KEPT = 'brief:';

const EXAMPLES = {
  ko: {
    projectId: 'seoul-after-rain',
    episodeNumber: '1',
    title: '비 그친 뒤의 서울 - 1화',
    description:
      '문 닫기 직전의 을지로 필름 현상소. 주인 윤재는 20년 전 맡겨지고 아무도 찾아가지 않은 필름 한 통을 현상한다. 사진 속에는 열여덟 살의 자신과, 얼굴이 기억나지 않는 한 사람이 서 있다. 그날 저녁, 비를 피해 들어온 손님 해인이 그 필름의 보관증을 내민다.',
    scriptType: 'drama',
    model: 'builtin',
    temperature: '0.7',
    lengthTarget: '600',
  },
  en: {
    projectId: 'seoul-after-rain',
    episodeNumber: '1',
    title: 'Seoul After Rain - Ep. 1',
    description:
      'A film lab in Euljiro, about to close for good. Its owner, Yunjae, develops a roll that was left with him twenty years ago and never collected. In the pictures stands he himself at eighteen, next to someone whose face he cannot place. That evening a stranger, Haein, comes in out of the rain and holds out the claim ticket.',
    scriptType: 'drama',
    model: 'builtin',
    temperature: '0.7',
    lengthTarget: '600',
  },
};

/** The form; calls `created` with the service's answer and the body that was sent. */
export class BriefForm {
  #form;
  #created;
  #button;
  #banner;
  #example = EXAMPLES.ko;
  #pending = null;

  constructor(form, created) {
    this.#form = form;
    this.#created = created;
    this.#button = form.querySelector('[type=submit]');
    this.#banner = form.querySelector('.banner');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send(this.#body());
    });
    form.addEventListener('input', ({ target }) => this.#fault(target.name, ''));
    form.querySelector('.refill').addEventListener('click', () => this.#fill(EXAMPLES[language()]));
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    this.#fill(EXAMPLES[language()]);
  }

  /** The project that the form is about. */
  get projectId() {
    return this.#form.elements.projectId.value.trim();
  }

  /** Puts the example into the page's language where the reader has not written over it. */
  translate() {
    const next = EXAMPLES[language()];
    for (const [name, value] of Object.entries(next)) {
      const field = this.#form.elements[name];
      if (field.value === this.#example[name]) field.value = value;
    }
    this.#example = next;
  }

  /** Asks for a script. The same body asked for again after a lost answer is the same job, by its key. */
  async send(body) {
    if (this.#button.disabled) return;
    this.#clear();
    this.#button.disabled = true;
    const text = JSON.stringify(body);
    if (this.#pending?.text !== text) this.#pending = { text, key: uniqueKey() };
    try {
      const job = await call('POST', 'generations', { body, headers: { 'Idempotency-Key': this.#pending.key } });
      this.#pending = null;
      rememberHere(KEPT + job.jobId, text);
      this.#created(job, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 'NETWORK') this.#pending = null;
      this.#refused(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** The body that a job was asked for with, if it was asked for here. */
  static bodyOf(jobId) {
    const text = recall(KEPT + jobId);
    return text ? JSON.parse(text) : null;
  }

  #body() {
    const body = {};
    for (const [name, raw] of new FormData(this.#form)) {
      const value = raw.trim();
      if (value === '' && name !== 'projectId' && name !== 'description') continue;
      // What is no number goes as it is: the service says what is wrong with it.
      body[name] = NUMBERS.has(name) && /^[-+]?\d*\.?\d+$/.test(value) ? Number(value) : value;
    }
    return body;
  }

  #fill(example) {
    this.#example = example;
    for (const [name, value] of Object.entries(example)) this.#form.elements[name].value = value;
    this.#clear();
  }

  #refused(error) {
    const details = error.details.length === 0 && error.code === 'MODEL_UNAVAILABLE' ? [{ field: 'model', message: error.message }] : error.details;
    const named = details.filter(({ field, message }) => this.#fault(field, message));
    const message = error.code === 'NETWORK' ? t(error.status ? 'badAnswer' : 'noConnection') : error.message;
    const later = error.retryAfter ? ` ${t('retryAfter', { seconds: error.retryAfter })}` : '';
    const rest = details.filter((detail) => !named.includes(detail)).map(({ field, message: text }) => ` ${field}: ${text}`);
    this.#banner.textContent = named.length > 0 && rest.length === 0 ? t('fixFields', { count: named.length }) : message + later + rest.join('');
    this.#banner.hidden = false;
    this.#form.closest('details').open = true;
    (named.length > 0 ? this.#form.querySelector('[aria-invalid=true]') : this.#button).focus();
  }

  /** Shows a fault beside its field; false where the form has no such field. */
  #fault(name, message) {
    const field = this.#form.elements[name];
    if (!field) return false;
    const id = `fault-${name}`;
    document.getElementById(id)?.remove();
    if (message) {
      const text = element('p', 'fault', message);
      text.id = id;
      field.after(text);
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-describedby', id);
    } else {
      field.removeAttribute('aria-invalid');
      field.removeAttribute('aria-describedby');
    }
    return true;
  }

  #clear() {
    this.#banner.hidden = true;
    for (const name of Object.keys(this.#example)) this.#fault(name, '');
  }
}
