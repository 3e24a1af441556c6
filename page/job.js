// The job on the sheet: its event stream and its status, folded into one value.

/** A job that was just opened. `earlier` is the attempt that it repeats, `{ jobId, text }`. */
export function openedJob(jobId, earlier = null) {
  return {
    jobId,
    earlier,
    title: null,
    projectId: null,
    model: null,
    status: 'unknown',
    epoch: null,
    step: '',
    progress: 0,
    remaining: null,
    queuePosition: null,
    words: 0,
    tokens: 0,
    text: '',
    episode: null,
    episodeStatus: null,
    error: null,
    connection: 'connecting',
    stop: 'none',
    save: 'none',
  };
}

/** Whether the job has ended. */
export function isOver({ status }) {
  return ['completed', 'failed', 'canceled', 'lost'].includes(status);
}

/** The job after an event. Events of other jobs, and late events after the end, change nothing. */
export function reduceJob(job, event) {
  const reduce = Object.hasOwn(EVENTS, event.type) && event.jobId === job.jobId ? EVENTS[event.type] : null;
  return reduce ? reduce(job, event) : job;
}

const whileUnfinished = (reduce) => (job, event) => (isOver(job) ? job : reduce(job, event));

const EVENTS = {
  connection: whileUnfinished((job, { name }) => ({ ...job, connection: name })),

  progress: whileUnfinished((before, { epoch, value, currentStep, estimatedTime }) => {
    const job = inEpoch(before, epoch);
    const begun = value > 0 && job.status === 'unknown' ? 'streaming' : job.status;
    const progress = Math.max(job.progress, value);
    return { ...job, status: begun, progress, step: currentStep, remaining: estimatedTime ?? null };
  }),

  heartbeat: whileUnfinished((job, { status, queuePosition }) =>
    ['queued', 'streaming'].includes(status) ? { ...job, status, queuePosition: queuePosition ?? null } : job,
  ),

  text: whileUnfinished((before, { epoch, text, wordCount, estimatedTokens }) => {
    const job = inEpoch(before, epoch);
    const figures = { words: wordCount ?? job.words, tokens: estimatedTokens ?? job.tokens };
    return { ...job, ...figures, text, status: 'streaming', queuePosition: null };
  }),

  ended: whileUnfinished((job, { name, error, result }) => {
    const over = { ...job, connection: 'ended', remaining: null, queuePosition: null, stop: 'none' };
    if (name === 'completed') return completed(over, result);
    const status = { JOB_CANCELED: 'canceled', JOB_NOT_FOUND: 'lost' }[error.code] ?? 'failed';
    return { ...over, status, error };
  }),

  lost: whileUnfinished((job, { error }) => ({ ...job, status: 'lost', connection: 'ended', stop: 'none', error })),

  // The text of a job that ended before this page showed any of it.
  script: (job, { text }) => (isOver(job) && job.text === '' ? { ...job, text } : job),

  status: (before, { job: said }) => {
    const names = { title: said.title, projectId: said.projectId, model: said.modelUsed ?? said.model };
    const job = { ...before, ...names, episodeStatus: said.episodeStatus ?? null, save: 'none' };
    if (isOver(job)) return { ...job, words: said.wordCount, tokens: said.tokens, episode: episodeOf(said) ?? job.episode };
    // The stream is newer than a response that it may have overtaken.
    if (job.epoch !== null) return waiting(job, said);
    return waiting({ ...job, progress: said.progress, step: said.currentStep, words: said.wordCount, tokens: said.tokens }, said);
  },

  stopAsked: whileUnfinished((job) => ({ ...job, stop: 'asked' })),
  stopFailed: whileUnfinished((job) => ({ ...job, stop: 'failed' })),

  // Saving a script again that the episode store refused.
  saveAsked: (job) => ({ ...job, save: 'asked' }),
  saveFailed: (job) => ({ ...job, save: 'failed' }),
};

/** A job that the service resumes starts from its last checkpoint. Only then may figures go down. */
function inEpoch(job, epoch) {
  if (!epoch || epoch === job.epoch) return job;
  const again = job.epoch === null ? {} : { progress: 0, status: 'unknown' };
  return { ...job, ...again, epoch };
}

/** Sets the queue position. A job that is already writing has none, even if a late response says so. */
function waiting(job, { status, queuePosition }) {
  if (job.status !== 'unknown' && job.status !== 'queued') return job;
  return status === 'queued' ? { ...job, status, queuePosition: queuePosition ?? null } : job;
}

function completed(job, { wordCount, tokens, modelUsed, episodeId, episodeNumber }) {
  const episode = episodeId ? { id: episodeId, number: episodeNumber ?? null } : null;
  return { ...job, status: 'completed', progress: 100, words: wordCount, tokens, model: modelUsed ?? job.model, episode };
}

function episodeOf({ savedToEpisode, episodeId, episodeNumber }) {
  return savedToEpisode ? { id: episodeId, number: episodeNumber ?? null } : null;
}
