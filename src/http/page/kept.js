// The scripts that were asked for in this browser and are no episode: stopped, failed, or finished and not saved yet.

/** So many are remembered; older ones are forgotten. */
const MOST = 30;

/** The list, newest first, after an event; `job` is the one on the sheet, if there is one. */
export function reduceKept(kept, event, job) {
  switch (event.type) {
    case 'sent': {
      const { jobId, title, projectId } = event.job;
      return [{ jobId, title, projectId, status: 'queued', body: event.body }, ...without(kept, jobId)].slice(0, MOST);
    }
    case 'ended':
      if (job?.jobId !== event.jobId) return kept;
      return became(kept, job);
    case 'status':
      if (event.job.savedToEpisode) return without(kept, event.jobId);
      return updated(kept, event.jobId, { status: event.job.status, title: event.job.title });
    case 'lost':
    case 'forgotten':
      return without(kept, event.jobId);
    case 'keptElsewhere':
      return openedKept(event.kept);
    default:
      return kept;
  }
}

/** Those that stand in the list: what is still being written is in another one. */
export function keptScripts(kept) {
  return kept.filter(({ status }) => ['canceled', 'failed', 'completed'].includes(status));
}

/** What the browser's storage holds, as a list: whatever is no entry is left out. */
export function openedKept(saved) {
  return Array.isArray(saved) ? saved.filter((entry) => typeof entry?.jobId === 'string').slice(0, MOST) : [];
}

/** The job on the sheet has ended: a script that is saved or gone leaves, any other is listed, wherever it was asked for. */
function became(kept, { jobId, title, projectId, status, episode }) {
  if (status === 'lost' || (status === 'completed' && episode)) return without(kept, jobId);
  if (kept.some((entry) => entry.jobId === jobId)) return updated(kept, jobId, { status });
  return [{ jobId, title: title ?? '', projectId: projectId ?? '', status, body: null }, ...kept].slice(0, MOST);
}

function updated(kept, jobId, change) {
  return kept.map((entry) => (entry.jobId === jobId ? { ...entry, ...change } : entry));
}

function without(kept, jobId) {
  return kept.some((entry) => entry.jobId === jobId) ? kept.filter((entry) => entry.jobId !== jobId) : kept;
}
