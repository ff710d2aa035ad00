// Speak with /api/v1: same origin, the session's cookie, the page's CSRF token.

/** A refusal (problem+json), or, with status 0, no answer at all. */
export class Refused extends Error {
  constructor(status, detail, problems = [], retryAfter = 0) {
    super(detail);
    this.status = status;
    this.problems = problems;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The server's clock, as far as its answers tell: leases end by that one. */
export const clock = {
  ahead: 0,
  now() {
    return Date.now() + this.ahead;
  },
};

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

export function refusalOf(status, text, retryAfter) {
  try {
    const said = JSON.parse(text);
    return new Refused(status, said.detail || said.title, said.problems ?? [], retryAfter);
  } catch {
    return new Refused(status, `The server answered ${status}.`, [], retryAfter);
  }
}

/** Send a request and give the JSON that comes back; throws Refused. */
export async function call(method, path, body, { keepalive = false, timeout = 15000 } = {}) {
  const form = body instanceof FormData;
  const headers = { Accept: "application/json", "X-CSRF-Token": csrfToken() };
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      headers,
      keepalive,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(timeout),
      body: form || body === undefined ? body : JSON.stringify(body),
    });
    text = await answer.text();
    const sent = Date.parse(answer.headers.get("Date"));
    if (sent) clock.ahead = sent - Date.now();
  } catch (error) {
    throw new Refused(0, `No answer from the server (${error.name}).`);
  }
  if (!answer.ok) {
    throw refusalOf(answer.status, text, Number(answer.headers.get("Retry-After")) || 0);
  }
  return text ? JSON.parse(text) : null;
}
