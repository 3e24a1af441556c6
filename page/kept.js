// Scripts that this browser requested and that are not an episode: stopped, failed, or finished but not saved yet.

/** The most entries to remember. Older ones are dropped. */
const MOST = 30;

/** The list, newest first, after an event. `job` is the job on the sheet, if there is one. */
export function reduceKept(kept, event, job) {
  switch (event.type) {
    case 'sent': {
      const { jobId, title, projectId } = event.job;
      return added(without(kept, jobId), { jobId, title, projectId, status: 'queued', body: event.body });
    }
    case 'ended':
      if (job?.jobId !== event.jobId) return kept;
      return became(kept, job);
    case 'status':
      if (event.job.savedToEpisode) return without(kept, event.jobId);
      return updated(kept, event.jobId, { status: event.job.status, title: event.job.title, refused: event.job.episodeStatus === 'refused' });
    case 'lost':
    case 'forgotten':
      return without(kept, event.jobId);
    case 'keptElsewhere':
      return openedKept([...(event.entry ? [event.entry] : []), ...without(kept, event.jobId)]);
    default:
      return kept;
  }
}

/** The entries to show. Jobs in progress have their own list. */
export function keptScripts(kept) {
  return kept.filter(({ status }) => ['canceled', 'failed', 'completed'].includes(status));
}

/** The entries in the browser's storage, newest first. Anything else in there is ignored. */
export function openedKept(saved) {
  const entries = Array.isArray(saved) ? saved.filter((entry) => typeof entry?.jobId === 'string') : [];
  return entries.sort((one, other) => place(other) - place(one)).slice(0, MOST);
}

/** The entries to store and to delete after a change. Each window writes only its own changes. */
export function changesOfKept(before, kept) {
  const removed = before.filter(({ jobId }) => !kept.some((entry) => entry.jobId === jobId));
  return { changed: kept.filter((entry) => !before.includes(entry)), removed };
}

/** Updates the list when the job on the sheet ends: a saved or missing script is removed, any other one is listed. */
function became(kept, { jobId, title, projectId, status, episode }) {
  if (status === 'lost' || (status === 'completed' && episode)) return without(kept, jobId);
  if (kept.some((entry) => entry.jobId === jobId)) return updated(kept, jobId, { status });
  return added(kept, { jobId, title: title ?? '', projectId: projectId ?? '', status, body: null });
}

/** Stores the entry's place, because the browser's storage has no order. */
function added(kept, entry) {
  return [{ ...entry, place: 1 + Math.max(0, ...kept.map(place)) }, ...kept].slice(0, MOST);
}

function place(entry) {
  return Number(entry.place) || 0;
}

function updated(kept, jobId, change) {
  const same = (entry) => Object.entries(change).every(([key, value]) => entry[key] === value);
  return kept.map((entry) => (entry.jobId === jobId && !same(entry) ? { ...entry, ...change } : entry));
}

function without(kept, jobId) {
  return kept.some((entry) => entry.jobId === jobId) ? kept.filter((entry) => entry.jobId !== jobId) : kept;
}
