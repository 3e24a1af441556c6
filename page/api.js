// Requests to the service, and everything that can go wrong with one as a single kind of error.

const ANSWER_WITHIN = 20_000;

/** What a request failed with: the service's own error object, or `NETWORK` when there was no answer. */
export class ApiError extends Error {
  constructor({ code, message, retryable = false, details = [], status = 0, retryAfter = 0 }) {
    super(message);
    Object.assign(this, { code, retryable, details, status, retryAfter });
  }

  /** As a value, for the state. */
  get plain() {
    const { code, message, retryable, details, status, retryAfter } = this;
    return { code, message, retryable, details, status, retryAfter };
  }
}

/** The service's address of `path`, below wherever the page itself is served. */
export function apiUrl(path) {
  return new URL(`api/v1/${path}`, document.baseURI).href;
}

/** Sends a request; resolves with its JSON, or null where the answer has none, and throws an `ApiError`. */
export async function call(method, path, { body, headers = {} } = {}) {
  const response = await send(method, path, { body, headers });
  const text = await response.text().catch(() => fail(response.status));
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    if (response.ok) fail(response.status);
  }
  if (response.ok) return answer;
  const error = answer?.error ?? { code: 'NETWORK', retryable: true };
  throw new ApiError({ ...error, status: response.status, retryAfter: secondsUntil(response.headers.get('retry-after')) });
}

/** The seconds that a `Retry-After` asks to wait, given as a number or as a date; 0 for none. */
export function secondsUntil(header, now = Date.now()) {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return seconds > 0 ? seconds : 0;
}

/** The text of a job so far, or an empty one. */
export async function scriptText(jobId) {
  try {
    const response = await send('GET', `generations/${encodeURIComponent(jobId)}/script`, {});
    return response.ok ? await response.text() : '';
  } catch {
    return '';
  }
}

async function send(method, path, { body, headers = {} }) {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const language = { 'Accept-Language': document.documentElement.lang };
  try {
    return await fetch(apiUrl(path), {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { ...language, ...json, ...headers },
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
  } catch {
    return fail(0);
  }
}

function fail(status) {
  throw new ApiError({ code: 'NETWORK', message: '', retryable: true, status });
}

/** A value no two requests share; also where the page is not served from a secure origin. */
export function uniqueKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
