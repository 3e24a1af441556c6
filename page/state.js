// The whole page as one value, and the one function that changes it. No DOM, no network, no clock.

import { isOutdated, openedDraft, reduceDraft } from './draft.js';
import { isOver, openedJob, reduceJob } from './job.js';
import { openedKept, reduceKept } from './kept.js';
import { reduceLog } from './log.js';

/** The page as it opens. `draft` and `kept` are what the browser remembers. */
export function initial({ language, online = true, developer = false, previews = 'delta', draft = null, kept = null }) {
  const opened = openedDraft(language, draft);
  return {
    language,
    developer,
    previews,
    online,
    phrases: null,
    address: { kind: 'blank' },
    job: null,
    retry: null,
    episode: null,
    notice: null,
    draft: opened,
    models: null,
    active: { jobs: [], total: 0, stale: false },
    kept: openedKept(kept),
    episodes: emptyEpisodes(opened.fields.projectId.trim()),
    log: { entries: [], events: 0, characters: 0 },
  };
}

/** The page after an event `{ type, … }`. Unknown events, and late events of something no longer shown, change nothing. */
export function reduce(state, event) {
  const job = state.job && reduceJob(state.job, event);
  const page = { ...state, job, draft: reduceDraft(state.draft, event, state.language), log: reduceLog(state.log, event) };
  page.kept = reduceKept(state.kept, event, job);
  return Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type](page, event, state) : page;
}

const EVENTS = {
  // Page settings.
  language: (page, { language }) => ({ ...page, language }),
  developer: (page, { developer }) => ({ ...page, developer }),
  previews: (page, { previews }) => ({ ...page, previews }),
  online: (page, { online }) => ({ ...page, online }),
  phrases: (page, { phrases }) => ({ ...page, phrases }),
  models: (page, { models }) => ({ ...page, models }),
  notice: (page, { key, tone = 'plain' }) => ({ ...page, notice: { key, tone } }),

  // The sheet.
  address: (page, { address }) => {
    const next = { ...page, address, job: null, episode: null, notice: null, retry: null };
    if (address.kind === 'job') return { ...next, job: openedJob(address.jobId, earlierOf(page, address.jobId)) };
    if (address.kind === 'episode') return { ...next, episode: { id: address.id } };
    return next;
  },
  // An address may name a project that does not exist, so switch the list only once the episode is read.
  episode: (page, { episode }) => (page.episode?.id === episode.id ? inProject({ ...page, episode }, page.address.projectId) : page),
  episodeFailed: (page, { id, error }) => (page.episode?.id === id ? { ...page, episode: { id, error } } : page),
  // Switch the list when the job's project becomes known, but not after the user typed another project.
  status: (page, { jobId, job }, { job: before }) => (before?.jobId === jobId && before.projectId === null ? inProject(page, job.projectId) : page),

  // Requesting a script.
  sending: (page, { retryOf }) => ({ ...page, retry: retryOf ? { jobId: retryOf, error: null } : page.retry }),
  sent: (page, { job, retryOf }) => ({ ...inProject(page, job.projectId), retry: retryOf ? { jobId: retryOf, next: job.jobId, error: null } : null }),
  refused: (page, { error, retryOf }) => (retryOf && page.retry?.jobId === retryOf ? { ...page, retry: { jobId: retryOf, error } } : page),
  projectChosen: (page) => inFormsProject(page),
  example: (page) => inFormsProject(page),
  undo: (page) => inFormsProject(page),
  retryDue: (page) => (page.retry?.error?.retryAfter ? { ...page, retry: { ...page.retry, error: { ...page.retry.error, retryAfter: 0 } } } : page),
  reached: (page) => (isOutdated(page.retry?.error) ? { ...page, retry: { ...page.retry, error: null } } : page),

  // The lists.
  active: (page, { jobs, total }) => {
    const said = page.job && jobs.find(({ jobId }) => jobId === page.job.jobId);
    const job = said ? reduceJob(page.job, { type: 'status', jobId: said.jobId, job: said }) : page.job;
    return { ...page, job, active: { jobs, total, stale: false } };
  },
  activeFailed: (page) => ({ ...page, active: { ...page.active, stale: true } }),
  episodes: (page, { projectId, items, from, total, more }) => {
    if (projectId !== page.episodes.projectId) return page;
    return { ...page, episodes: { projectId, items: more ? [...page.episodes.items, ...items] : items, from, total, error: null } };
  },
  episodesFailed: (page, { projectId, error }) => (projectId === page.episodes.projectId ? { ...page, episodes: { ...page.episodes, error } } : page),
};

/** The jobs in progress. The entry of the job on the sheet agrees with the sheet. */
export function activeJobs({ active, job }) {
  if (!job) return active.jobs;
  const shown = ({ step, progress, status, queuePosition }) => ({ currentStep: step, progress, status, queuePosition });
  return active.jobs
    .filter(({ jobId }) => !(isOver(job) && jobId === job.jobId))
    .map((entry) => (entry.jobId === job.jobId ? { ...entry, ...shown(job) } : entry));
}

/** The request body of a job that this browser created; null for other jobs. */
export function bodyOfJob({ kept }, jobId) {
  return kept.find((entry) => entry.jobId === jobId)?.body ?? null;
}

/** A script that is written again shows the earlier attempt until it has text of its own. */
function earlierOf({ retry, job }, jobId) {
  if (retry?.next !== jobId || job?.jobId !== retry.jobId) return null;
  return job.text ? { jobId: job.jobId, text: job.text } : job.earlier;
}

function inFormsProject(page) {
  return inProject(page, page.draft.fields.projectId.trim());
}

/** Lists the episodes of the project that was chosen last, in the form or by opening a job or an episode. */
function inProject(page, projectId) {
  return projectId === page.episodes.projectId ? page : { ...page, episodes: emptyEpisodes(projectId) };
}

function emptyEpisodes(projectId) {
  return { projectId, items: [], from: 0, total: null, error: null };
}
