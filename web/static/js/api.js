// Speak with /api/v1: same origin, the session's cookie, the page's CSRF token.

export const TOKEN = "X-CSRF-Token";

/** A refusal (problem+json), or, with status 0, no answer at all. */
export class Refused extends Error {
  constructor(status, detail, problems = [], retryAfter = 0) {
    super(detail);
    this.status = status;
    this.problems = problems;
    this.retryAfter = retryAfter;
  }

  /** Whether the refusal is about this field. */
  names(field) {
    return this.problems.some((each) => each.where === field);
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

function meta(page, name) {
  return page.querySelector(`meta[name="${name}"]`)?.content ?? "";
}

export function csrfToken() {
  return meta(document, "csrf-token");
}

/** After signing in again, in another tab perhaps: take the new session's token over. */
async function renewed() {
  const answer = await fetch(location.pathname, { credentials: "same-origin", cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // what this page has still to say was said by one person, and is not another's to send
  if (meta(page, "user") !== meta(document, "user")) return false;
  document.querySelector('meta[name="csrf-token"]').content = meta(page, "csrf-token");
  return true;
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
export async function call(method, path, body, how = {}) {
  try {
    return await send(method, path, body, how);
  } catch (error) {
    if (!error.names?.(TOKEN) || !(await renewed().catch(() => false))) throw error;
    return send(method, path, body, how);
  }
}

async function send(method, path, body, { keepalive = false, timeout = 15000 }) {
  const form = body instanceof FormData;
  const headers = { Accept: "application/json", [TOKEN]: csrfToken() };
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
