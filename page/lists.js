// Draws the lists next to the sheet: jobs in progress, this browser's unsaved scripts, and the episodes.

import { episodeAddress, jobAddress } from './address.js';
import { element, keyed, setText } from './elements.js';
import { keptScripts } from './kept.js';
import { activeJobs } from './state.js';
import { titleBeside } from './view.js';

/** The lists. `on` has the callbacks `remove(episode)`, `dismiss(jobId)` and `older`. */
export class Lists {
  #get;
  #on;

  constructor(get, on) {
    this.#get = get;
    this.#on = on;
    get('older').addEventListener('click', () => on.older());
  }

  draw(state, speech) {
    this.#active(state, speech);
    this.#kept(state, speech);
    this.#episodes(state, speech);
  }

  #active(state, speech) {
    const { address, active } = state;
    const jobs = activeJobs(state);
    const more = active.total - active.jobs.length;
    keyed(this.#get('jobs'), jobs, ({ jobId }) => jobId, jobItem, (item, job) => {
      setText(item.querySelector('.what'), job.title);
      setText(item.querySelector('.where'), `${job.projectId} · ${whereabouts(job, speech)}`);
      item.querySelector('progress').value = job.progress;
      setCurrent(item, job.jobId === address.jobId);
    });
    const none = this.#get('no-jobs');
    const text = active.stale ? speech.t('listUnreachable') : more > 0 ? speech.t('moreJobs', { count: more }) : speech.t('noJobs');
    none.hidden = !active.stale && more <= 0 && jobs.length > 0;
    setText(none, text);
  }

  #kept(state, speech) {
    const scripts = keptScripts(state.kept);
    this.#get('kept-section').hidden = scripts.length === 0;
    keyed(this.#get('kept'), scripts, ({ jobId }) => jobId, (entry) => this.#keptItem(entry), (item, entry) => {
      const { jobId, title, projectId, status } = entry;
      setText(item.querySelector('.what'), title);
      setText(item.querySelector('.where'), `${projectId} · ${speech.t(outcome(entry))}`);
      item.dataset.status = status;
      label(item.querySelector('.remove'), speech.t('dismiss', { title }));
      setCurrent(item, jobId === state.address.jobId);
    });
  }

  #keptItem({ jobId }) {
    const item = linkItem(jobAddress(jobId));
    item.append(removeButton(() => this.#moveFocus('kept', item, () => this.#on.dismiss(jobId))));
    return item;
  }

  #episodes({ address, episodes }, speech) {
    const { projectId, items, from, total, error } = episodes;
    setText(this.#get('episodes-of'), projectId);
    keyed(this.#get('episodes'), items, ({ id }) => id, (episode) => this.#episodeItem(projectId, episode), (item, { id, number, title, createdAt }) => {
      const when = new Date(createdAt).toLocaleString(speech.language, { dateStyle: 'medium', timeStyle: 'short' });
      setText(item.querySelector('.what'), titleBeside(number, title, projectId));
      setText(item.querySelector('.where'), `${speech.t('episodeNumber', { number })} · ${when}`);
      label(item.querySelector('.remove'), speech.t('deleteEpisode', { title }));
      setCurrent(item, id === address.id);
    });
    this.#get('older').hidden = from === 0;
    const none = this.#get('no-episodes');
    none.hidden = !error && !(total === 0 && projectId);
    const unreachable = error?.code === 'NETWORK';
    setText(none, error ? (unreachable ? speech.t('listUnreachable') : speech.said(error.message)) : speech.t('noEpisodes'));
  }

  #episodeItem(projectId, episode) {
    const item = linkItem(episodeAddress(projectId, episode.id));
    item.append(removeButton(() => this.#on.remove(episode)));
    return item;
  }

  /** Removes the focused entry and moves the focus to the next one, or to the heading. */
  #moveFocus(list, item, remove) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    remove();
    (next?.querySelector('a') ?? this.#get(`${list}-heading`)).focus();
  }
}

/** The message key for the state of an unsaved script. */
function outcome({ status, refused }) {
  if (status !== 'completed') return `status_${status}`;
  return refused ? 'unsavable' : 'unsaved';
}

function whereabouts({ status, queuePosition, currentStep, progress }, speech) {
  if (status === 'queued') return queuePosition ? speech.t('queuedAt', { position: queuePosition }) : speech.said(currentStep);
  return `${speech.said(currentStep)} ${speech.t('percent', { percent: progress })}`.trim();
}

function jobItem({ jobId }) {
  const item = linkItem(jobAddress(jobId));
  const bar = element('progress');
  bar.max = 100;
  bar.setAttribute('aria-hidden', 'true');
  item.firstElementChild.append(bar);
  return item;
}

function linkItem(href) {
  const item = element('li');
  const link = element('a', 'entry');
  link.href = href;
  link.append(element('span', 'what'), element('span', 'where'));
  item.append(link);
  return item;
}

function removeButton(act) {
  const button = element('button', 'quiet remove', '×');
  button.type = 'button';
  button.addEventListener('click', act);
  return button;
}

function label(button, text) {
  if (button.getAttribute('aria-label') === text) return;
  button.setAttribute('aria-label', text);
  button.title = text;
}

function setCurrent(item, current) {
  const link = item.firstElementChild;
  if (current) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
}
