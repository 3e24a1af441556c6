// Requests to the service. Every failure of one is an `ApiError`.

const ANSWER_WITHIN = 20_000;

/** Why a request failed: the service's error object, or code `NETWORK` if no readable response came. */
export class ApiError extends Error {
  constructor({ code, message, retryable = false, details = [], status = 0, retryAfter = 0 }) {
    super(message);
    Object.assign(this, { code, retryable, details, status, retryAfter });
  }

  /** A plain value for the state. */
  get plain() {
    const { code, message, retryable, details, status, retryAfter } = this;
    return { code, message, retryable, details, status, retryAfter };
  }
}

/** The URL of the API's `path`, relative to where the page is served. */
export function apiUrl(path) {
  return new URL(`api/v1/${path}`, document.baseURI).href;
}

/** Sends a request. Resolves with the response's JSON, or null if it has none; throws an `ApiError`. */
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

/** The seconds that a `Retry-After` asks to wait, given as a number or a date; 0 for none. */
export function secondsUntil(header, now = Date.now()) {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return seconds > 0 ? seconds : 0;
}

/** A job's text so far; empty if there is none. */
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

/** A unique value, even where `crypto.randomUUID` is missing because the origin is not secure. */
export function uniqueKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
