// The page's requests to the service, and the events that their responses become.

import { ApiError, call, scriptText, uniqueKey } from './api.js';
import { isOver } from './job.js';
import { openedModels } from './models.js';
import { phrasebook, readLocale } from './phrasebook.js';

/** Episodes per page of the list. */
const PAGE = 100;

/** The page's requests. Each one ends in an event, whether it succeeds or fails. */
export class Service {
  #store;
  #turn = 0;

  constructor(store) {
    this.#store = store;
  }

  /** Sends a request. Any response means that the service is reachable. */
  async ask(method, path, options) {
    try {
      const answer = await call(method, path, options);
      this.#dispatch({ type: 'reached' });
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 'NETWORK') this.#dispatch({ type: 'reached' });
      throw error;
    }
  }

  /** Requests a script; `retryOf` is the job to repeat. Resolves with the new job's id, or null if it was refused. */
  async order(body, retryOf = null) {
    const { draft } = this.#store.state;
    if (draft.sending) return null;
    const text = JSON.stringify(body);
    const pending = draft.pending?.text === text ? draft.pending : { text, key: uniqueKey() };
    this.#dispatch({ type: 'sending', pending, retryOf });
    try {
      const job = await this.ask('POST', 'generations', { body, headers: { 'Idempotency-Key': pending.key } });
      this.#dispatch({ type: 'sent', job, body, retryOf });
      return job.jobId;
    } catch (error) {
      this.#dispatch({ type: 'refused', error: plain(error), retryOf });
      return null;
    }
  }

  /** Cancels a job. */
  async stop(jobId) {
    this.#dispatch({ type: 'stopAsked', jobId });
    try {
      await this.ask('DELETE', jobPath(jobId));
    } catch (error) {
      plain(error);
      this.#dispatch({ type: 'stopFailed', jobId });
    }
  }

  /** Tries again to save a finished script as an episode. */
  async save(jobId) {
    this.#dispatch({ type: 'saveAsked', jobId });
    try {
      this.#dispatch({ type: 'status', jobId, job: await this.ask('POST', `${jobPath(jobId)}/episode`) });
    } catch (error) {
      plain(error);
      this.#dispatch({ type: 'saveFailed', jobId });
    }
  }

  /** Reads a job's status. Resolves with false if the service is unreachable. */
  async status(jobId) {
    try {
      const job = await this.ask('GET', jobPath(jobId));
      this.#dispatch({ type: 'status', jobId, job });
      return true;
    } catch (error) {
      if (plain(error).status === 404) this.#dispatch({ type: 'forgotten', jobId });
      return error.status === 404;
    }
  }

  /** Reads the text of a job that ended before the page showed any of it. */
  async script(jobId) {
    const text = await scriptText(jobId);
    if (text) this.#dispatch({ type: 'script', jobId, text });
  }

  /** Reads an episode. */
  async episode({ projectId, id }) {
    try {
      this.#dispatch({ type: 'episode', episode: await this.ask('GET', `${episodesPath(projectId)}/${encodeURIComponent(id)}`) });
    } catch (error) {
      this.#dispatch({ type: 'episodeFailed', id, error: plain(error) });
      // If the list still has it, the list is out of date.
      if (isGone(error)) await this.episodes();
    }
  }

  /** Reads the newest episodes of the listed project, or a page of older ones. */
  async episodes(older = false) {
    const { projectId, from } = this.#store.state.episodes;
    if (!projectId) return;
    try {
      if (older) await this.#page(projectId, Math.max(0, from - PAGE), from, true);
      else await this.#newest(projectId);
    } catch (error) {
      this.#dispatch({ type: 'episodesFailed', projectId, error: plain(error) });
    }
  }

  async #newest(projectId) {
    const { episodes, total } = await this.ask('GET', `${episodesPath(projectId)}?limit=${PAGE}`);
    if (total > PAGE) await this.#page(projectId, total - PAGE, total, false);
    else this.#dispatch({ type: 'episodes', projectId, items: episodes.reverse(), from: 0, total, more: false });
  }

  async #page(projectId, from, to, more) {
    const { episodes, total } = await this.ask('GET', `${episodesPath(projectId)}?limit=${to - from}&offset=${from}`);
    this.#dispatch({ type: 'episodes', projectId, items: episodes.reverse(), from, total, more });
  }

  /** Deletes an episode of the listed project. Resolves with whether it is gone. */
  async deleteEpisode(projectId, id) {
    try {
      await this.ask('DELETE', `${episodesPath(projectId)}/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!isGone(error)) {
        this.#dispatch({ type: 'episodesFailed', projectId, error: plain(error) });
        return false;
      }
    }
    await this.episodes();
    return true;
  }

  /** Reads the available models. If the service does not say, the page accepts any name. */
  async models() {
    const answer = await this.ask('GET', 'models').catch(plain);
    this.#dispatch({ type: 'models', models: openedModels(answer) });
  }

  /** Loads the service's messages in both languages. */
  async phrases() {
    const read = async (language) => {
      const response = await fetch(new URL(`assets/${language}.toml`, document.baseURI));
      return response.ok ? readLocale(await response.text()) : {};
    };
    const [ko, en] = await Promise.all([read('ko'), read('en')]).catch(() => [{}, {}]);
    this.#dispatch({ type: 'phrases', phrases: phrasebook({ ko, en }) });
  }

  /** Updates this browser's scripts: all of them at the start, later those that may have changed. */
  async kept(all) {
    const { kept, active, job } = this.#store.state;
    const isActive = ({ jobId }) => active.jobs.some((entry) => entry.jobId === jobId);
    const unfinished = kept.filter((entry) => ['queued', 'streaming'].includes(entry.status) && !isActive(entry));
    const followed = ({ jobId }) => job?.jobId === jobId && !isOver(job);
    // One at a time, in turn: the newest may never be saved, and must not block the others.
    const unsaved = kept.filter(({ status }) => status === 'completed');
    const next = unsaved.length > 0 ? [unsaved[this.#turn++ % unsaved.length]] : [];
    for (const entry of all ? kept : [...unfinished, ...next]) {
      if (!followed(entry) && !(await this.status(entry.jobId))) return;
    }
  }

  #dispatch(event) {
    this.#store.dispatch(event);
  }
}

function jobPath(jobId) {
  return `generations/${encodeURIComponent(jobId)}`;
}

function episodesPath(projectId) {
  return `projects/${encodeURIComponent(projectId)}/episodes`;
}

/** Whether the service itself, and not a proxy, says that the thing does not exist. */
function isGone(error) {
  return error instanceof ApiError && error.status === 404 && error.code !== 'NETWORK';
}

/** A failed request as a plain value. Any other error is a bug in the page and is thrown again. */
function plain(error) {
  if (!(error instanceof ApiError)) throw error;
  return error.plain;
}
