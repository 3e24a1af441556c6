// What is told around the sheet: title, progress, connection, notices, and what can be done with the script.

import { count, duration, t } from './i18n.js';

/** The part of the page that shows one job or one episode. */
export class Stage {
  #get;
  #text = '';
  #title = '';
  #state = 'idle';
  #note = null;
  #saidStep = '';

  /** `get` finds an element by its id. */
  constructor(get) {
    this.#get = get;
    get('copy').addEventListener('click', () => this.#copy());
    get('download').addEventListener('click', () => this.#download());
  }

  /** Nothing is shown. */
  blank() {
    this.#show('blank', '');
    this.connection('idle');
  }

  /** A job is about to be followed. */
  job() {
    this.#show('job', '…');
  }

  /** An episode is about to be read. */
  episode() {
    this.#show('episode', '…');
    this.connection('idle');
  }

  /** There is no such job. */
  lost(jobId, message) {
    this.#name(t('lostTitle'), jobId);
    this.#get('stage').dataset.end = 'lost';
    this.alert(message);
  }

  /** Who and what, from the status object. */
  about({ title, projectId, model, modelUsed, status, queuePosition }) {
    this.#name(title, `${projectId} · ${modelUsed ?? model}`);
    this.queue(status, queuePosition);
  }

  /** An episode's heading and story. */
  read({ title, projectId, number, script, promptSnapshot }) {
    this.#name(title, t('reading', { project: projectId, number }));
    this.text(script.markdown);
    this.#get('prompt').hidden = !promptSnapshot;
    this.#get('prompt-text').textContent = promptSnapshot ?? '';
  }

  /** A progress event. */
  progress({ value, currentStep, estimatedTime }) {
    this.#get('bar').value = value;
    this.#get('percent').textContent = `${value}%`;
    this.#get('remaining').textContent = estimatedTime > 0 ? t('remaining', { time: duration(estimatedTime) }) : '';
    this.#step(currentStep);
  }

  /** Where a waiting job stands. */
  queue(status, position) {
    this.#get('queue').textContent = status === 'queued' && position ? t('queuedAt', { position: count(position) }) : '';
  }

  /** How long the script is, and who wrote it. */
  counts(words, tokens, model) {
    const parts = [t('words', { words: count(words) }), t('tokens', { tokens: count(tokens) }), model];
    this.#get('counts').textContent = parts.filter(Boolean).join(' · ');
  }

  /** The script, for copying. */
  text(text) {
    this.#text = text;
    this.#get('copy').disabled = this.#get('download').disabled = text === '';
    if (text) this.#get('queue').textContent = '';
  }

  /** The last event has come. */
  ended(name, step) {
    if (name === 'completed') this.progress({ value: 100, currentStep: step ?? '' });
    else if (step) this.#step(step);
    this.#get('remaining').textContent = this.#get('queue').textContent = '';
    this.#get('stage').dataset.end = name;
  }

  /** How the connection is. */
  connection(name) {
    this.#state = name;
    const stage = this.#get('stage');
    stage.dataset.state = name;
    this.#get('connection').textContent = t(`state_${name}`);
    this.#get('drop').disabled = name !== 'live';
    const over = stage.dataset.shows !== 'job' || name === 'ended' || name === 'closed';
    this.#get('cancel').hidden = this.#get('drop').hidden = over;
    if (name === 'reconnecting' && this.#note?.key !== 'note_dropped') this.note('note_reconnecting');
    if (name === 'live' && this.#note?.key === 'note_reconnecting') this.note('');
  }

  /** Something worth knowing. */
  note(key, blanks) {
    this.#note = key ? { key, blanks } : null;
    this.#get('note').textContent = key ? t(key, blanks) : '';
  }

  /** Something the service says, in the language of the job. */
  say(message) {
    this.note('');
    this.#get('note').textContent = message;
  }

  /** Something went wrong; `retry` is what the button does, if it can be tried again. */
  alert(message, code = '', retry = null) {
    this.#get('alert').hidden = false;
    this.#get('alert-text').textContent = message;
    this.#get('alert-code').textContent = code;
    this.#get('retry').hidden = !retry;
    this.#get('retry').onclick = retry;
    this.note('');
  }

  /** Says in the present language what is said now. */
  translate() {
    this.connection(this.#state);
    if (this.#note) this.note(this.#note.key, this.#note.blanks);
  }

  #show(what, title) {
    const get = this.#get;
    const stage = get('stage');
    stage.dataset.shows = what;
    delete stage.dataset.end;
    this.#name(title, '');
    this.text('');
    this.note('');
    get('alert').hidden = true;
    get('prompt').hidden = true;
    get('bar').value = 0;
    this.#saidStep = '';
    for (const id of ['percent', 'remaining', 'queue', 'counts', 'step']) get(id).textContent = '';
  }

  #name(title, meta) {
    this.#title = title;
    this.#get('title').textContent = title;
    this.#get('meta').textContent = meta;
    document.title = [title, t('appName')].filter(Boolean).join(' – ');
  }

  // A live region speaks whenever it is written to, even when it is told the same again.
  #step(step) {
    if (step === this.#saidStep) return;
    this.#saidStep = step;
    this.#get('step').textContent = step;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#text);
      this.note('copied');
    } catch {
      this.note('notCopied');
    }
  }

  #download() {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this.#text], { type: 'text/markdown;charset=utf-8' }));
    link.download = `${this.#title.replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ').trim().slice(0, 80) || 'script'}.md`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
