// Which models there are, and which of them only writes placeholder drafts.

const BUILTIN = 'builtin';

/** What `GET /api/v1/models` says, checked; null for a service that does not say. */
export function openedModels(answer) {
  if (!Array.isArray(answer?.models) || !Array.isArray(answer?.patterns)) return null;
  return {
    models: answer.models.filter(({ name }) => typeof name === 'string'),
    patterns: answer.patterns.filter(({ pattern }) => typeof pattern === 'string'),
  };
}

/** The model of jobs that name none, or null where that is not known. */
export function defaultModel(models) {
  return models?.models.find((model) => model.default)?.name ?? null;
}

/** Whether other names than those listed can be asked for: by a pattern, or for all the page knows. */
export function takesAnyName(models) {
  return !models || models.models.length === 0 || models.patterns.length > 0;
}

/** Whether asking for `name` (nothing asks for the default) gets a placeholder draft. */
export function isPlaceholder(models, name) {
  const asked = name.trim() || defaultModel(models);
  if (!asked) return false;
  const listed = models?.models.find((model) => model.name === asked);
  const provider = listed?.provider ?? models?.patterns.find(({ pattern }) => matches(pattern, asked))?.provider;
  return (provider ?? asked) === BUILTIN;
}

/** Whether `modelUsed` of a job is the built-in writer. */
export function wrotePlaceholder(modelUsed) {
  return modelUsed === BUILTIN;
}

function matches(pattern, name) {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
