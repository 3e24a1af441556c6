// The lists beside the sheet: jobs that are being written, and the project's saved episodes.

import { ApiError, call } from './api.js';
import { language, t } from './i18n.js';
import { element } from './sheet.js';

const EVERY = 4000;
const AFTER_FAILURE = 15_000;
const SHOWN_JOBS = 20;
const PAGE = 100;

/** The active jobs, asked for every few seconds while the page is in view; calls `seen` with what came. */
export class ActiveJobs {
  #list;
  #empty;
  #seen;
  #timer = 0;
  #asking = false;
  #items = new Map();
  #current = '';

  constructor(list, empty, seen) {
    this.#list = list;
    this.#empty = empty;
    this.#seen = seen;
    document.addEventListener('visibilitychange', () => this.refresh());
    this.refresh();
  }

  /** Marks the job that the sheet shows. */
  mark(jobId) {
    this.#current = jobId;
    for (const [id, { link }] of this.#items) setCurrent(link, id === jobId);
  }

  /** Asks at once, and then again and again. */
  async refresh() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    let wait = EVERY;
    try {
      const { jobs, total } = await call('GET', `generations/active?limit=${SHOWN_JOBS}`);
      this.#render(jobs, total);
      this.#seen(jobs);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      wait = (error.retryAfter ?? 0) * 1000 || AFTER_FAILURE;
      this.#empty.textContent = t('listUnreachable');
      this.#empty.hidden = false;
    } finally {
      this.#asking = false;
      this.#timer = setTimeout(() => this.refresh(), wait);
    }
  }

  #render(jobs, total) {
    const ids = new Set(jobs.map(({ jobId }) => jobId));
    for (const [id, { item }] of this.#items) {
      if (ids.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    jobs.forEach((job, index) => {
      const known = this.#items.get(job.jobId) ?? jobItem(job);
      this.#items.set(job.jobId, known);
      known.where.textContent = `${job.projectId} · ${whereabouts(job)}`;
      known.bar.value = job.progress;
      setCurrent(known.link, job.jobId === this.#current);
      if (this.#list.children[index] !== known.item) this.#list.insertBefore(known.item, this.#list.children[index] ?? null);
    });
    this.#empty.textContent = total > jobs.length ? t('moreJobs', { count: total - jobs.length }) : t('noJobs');
    this.#empty.hidden = total > 0 && total <= jobs.length;
  }
}

function whereabouts({ status, queuePosition, currentStep, progress }) {
  if (status === 'queued') return queuePosition ? t('queuedAt', { position: queuePosition }) : currentStep;
  return `${currentStep} ${progress}%`;
}

function jobItem({ jobId, title }) {
  const item = element('li');
  const link = element('a', 'entry');
  link.href = `#${jobId}`;
  const where = element('span', 'where');
  const bar = element('progress');
  bar.max = 100;
  bar.setAttribute('aria-hidden', 'true');
  link.append(element('span', 'what', title), where, bar);
  item.append(link);
  return { item, link, where, bar };
}

function setCurrent(link, current) {
  if (current) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
}

/** The saved episodes of one project, newest first, a page at a time. */
export class Episodes {
  #parts;
  #project = '';
  #asked = 0;
  #from = 0;
  #current = '';

  /** `parts` are `heading`, `list`, `empty`, `older` and the `dialog` that asks before deleting. */
  constructor(parts, deleted) {
    this.#parts = { ...parts, deleted };
    parts.older.addEventListener('click', () => this.#page(Math.max(0, this.#from - PAGE), this.#from));
  }

  /** Shows the episodes of `project`, asked for afresh. */
  async show(project) {
    const { heading, list, empty, older } = this.#parts;
    this.#project = project;
    heading.textContent = project;
    const asked = (this.#asked += 1);
    if (!project) {
      list.replaceChildren();
      older.hidden = true;
      return;
    }
    try {
      const { episodes, total } = await call('GET', this.#path(`?limit=${PAGE}`));
      if (asked !== this.#asked) return;
      list.replaceChildren();
      empty.textContent = t('noEpisodes');
      empty.hidden = total > 0;
      if (total <= PAGE) this.#append(episodes, 0);
      else await this.#page(total - PAGE, total);
    } catch (error) {
      if (asked === this.#asked) this.#failed(error);
    }
  }

  /** The number of an episode that is in the list. */
  numberOf(episodeId) {
    return [...this.#parts.list.children].find((item) => item.dataset.id === episodeId)?.dataset.number;
  }

  /** Marks the episode that the sheet shows. */
  mark(episodeId) {
    this.#current = episodeId;
    for (const item of this.#parts.list.children) setCurrent(item.firstElementChild, item.dataset.id === episodeId);
  }

  #path(rest) {
    return `projects/${encodeURIComponent(this.#project)}/episodes${rest}`;
  }

  async #page(from, to) {
    const asked = this.#asked;
    try {
      const { episodes } = await call('GET', this.#path(`?limit=${to - from}&offset=${from}`));
      if (asked === this.#asked) this.#append(episodes, from);
    } catch (error) {
      this.#failed(error);
    }
  }

  #append(episodes, from) {
    this.#from = from;
    this.#parts.older.hidden = from === 0;
    this.#parts.list.append(...episodes.reverse().map((episode) => this.#item(episode)));
    this.mark(this.#current);
  }

  #failed(error) {
    if (!(error instanceof ApiError)) throw error;
    this.#parts.empty.textContent = error.code === 'NETWORK' ? t('listUnreachable') : error.message;
    this.#parts.empty.hidden = false;
  }

  #item({ id, number, title, createdAt }) {
    const item = element('li');
    Object.assign(item.dataset, { id, number });
    const link = element('a', 'entry');
    link.href = `#episode/${encodeURIComponent(this.#project)}/${encodeURIComponent(id)}`;
    const when = new Date(createdAt).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'short' });
    link.append(element('span', 'what', title), element('span', 'where', `${t('episodeNumber', { number })} · ${when}`));
    const remove = element('button', 'quiet remove', '×');
    remove.type = 'button';
    remove.setAttribute('aria-label', t('deleteEpisode', { title }));
    remove.title = t('delete');
    remove.addEventListener('click', () => this.#askToDelete(id, title, number));
    item.append(link, remove);
    return item;
  }

  #askToDelete(id, title, number) {
    const { dialog } = this.#parts;
    dialog.querySelector('.question').textContent = t('deleteQuestion', { title, number });
    dialog.querySelector('.confirm').onclick = () => {
      dialog.close();
      this.#delete(id);
    };
    dialog.querySelector('.keep').onclick = () => dialog.close();
    dialog.showModal();
  }

  async #delete(id) {
    try {
      await call('DELETE', this.#path(`/${encodeURIComponent(id)}`));
      this.#parts.deleted(id);
      await this.show(this.#project);
    } catch (error) {
      this.#failed(error);
    }
  }
}
