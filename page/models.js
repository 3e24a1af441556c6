// The available models, and which of them only writes placeholder drafts.

const BUILTIN = 'builtin';

/** The checked response of `GET /api/v1/models`, or null if the service gives no usable one. */
export function openedModels(answer) {
  if (!Array.isArray(answer?.models) || !Array.isArray(answer?.patterns)) return null;
  return {
    models: answer.models.filter(({ name }) => typeof name === 'string'),
    patterns: answer.patterns.filter(({ pattern }) => typeof pattern === 'string'),
  };
}

/** The model of jobs that name none, or null if it is not known. */
export function defaultModel(models) {
  return models?.models.find((model) => model.default)?.name ?? null;
}

/** Whether models that are not listed can be requested: a pattern matches them, or the page does not know the models. */
export function takesAnyName(models) {
  return !models || models.models.length === 0 || models.patterns.length > 0;
}

/** Whether requesting `name` gives a placeholder draft. An empty name requests the default model. */
export function isPlaceholder(models, name) {
  const asked = name.trim() || defaultModel(models);
  if (!asked) return false;
  const listed = models?.models.find((model) => model.name === asked);
  const provider = listed?.provider ?? models?.patterns.find(({ pattern }) => matches(pattern, asked))?.provider;
  return (provider ?? asked) === BUILTIN;
}

/** Whether a job's `modelUsed` is the built-in writer. */
export function wrotePlaceholder(modelUsed) {
  return modelUsed === BUILTIN;
}

function matches(pattern, name) {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
