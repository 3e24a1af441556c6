// The hash names what the sheet shows: `#job_…`, `#episode/PROJECT/ID` or nothing. It survives a reload.

/** Reads a hash as `{ kind }`: `blank`, `job` with `jobId`, `episode` with `projectId` and `id`, or `wrong`. */
export function readAddress(hash) {
  const parts = hash.replace(/^#/, '').split('/').map(decoded);
  if (parts.length === 1 && parts[0] === '') return { kind: 'blank' };
  if (parts.length === 1 && /^job_\w+$/.test(parts[0] ?? '')) return { kind: 'job', jobId: parts[0] };
  const [kind, projectId, id] = parts;
  if (parts.length === 3 && kind === 'episode' && isSegment(projectId) && isSegment(id)) return { kind, projectId, id };
  return { kind: 'wrong' };
}

/** The hash that names a job. */
export function jobAddress(jobId) {
  return `#${encodeURIComponent(jobId)}`;
}

/** The hash that names an episode. */
export function episodeAddress(projectId, id) {
  return `#episode/${encodeURIComponent(projectId)}/${encodeURIComponent(id)}`;
}

/** Whether the value can be a path segment. `.` and `..` would change the path, even when escaped. */
function isSegment(part) {
  return Boolean(part) && part !== '.' && part !== '..';
}

/** A decoded part of the hash, or null if its escapes are malformed (`#%`). */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
