// Talks to the server: same origin only, with the session's CSRF token on every write; errors come with their hint.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint?: string,
    readonly where?: string,
  ) {
    super(message);
  }
}

let csrf = "";
export function setCsrf(token: string): void {
  csrf = token;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) asked.set(name, String(value));
  }
  const text = asked.toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

async function call<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null, credentials: "same-origin" });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiError(0, "the server does not answer", "is `flowsleuth serve` still running?");
  }
  if (response.status === 401 && !url.startsWith("/api/session")) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.hash)}`);
  }
  const text = await response.text();
  const answer: unknown = text ? safely(text) : null;
  if (!response.ok) throw failure(response.status, answer);
  return answer as T;
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failure(status: number, answer: unknown): ApiError {
  const told = (answer as { error?: { message?: string; hint?: string; where?: string; available?: unknown } } | null)?.error;
  const available = Array.isArray(told?.available) && told.available.length ? `there is: ${told.available.slice(0, 12).join(", ")}` : "";
  return new ApiError(status, told?.message ?? `the server answered ${status}`, [told?.hint, available].filter(Boolean).join(" · ") || undefined, told?.where);
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>("GET", address(path, query), undefined, signal);
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal) => call<T>("POST", address(path), body, signal);
export const put = <T>(path: string, body: unknown = {}) => call<T>("PUT", address(path), body);
export const remove = <T>(path: string) => call<T>("DELETE", address(path));

/** A value that may have come as JSON text, as tables carry it. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Rows of an answer, whether it is a list or an object that holds one. */
export function rowsOf(answer: unknown, ...names: string[]): Record<string, unknown>[] {
  if (Array.isArray(answer)) return answer as Record<string, unknown>[];
  const held = answer as Record<string, unknown> | null;
  for (const name of ["rows", ...names]) if (Array.isArray(held?.[name])) return held[name] as Record<string, unknown>[];
  return [];
}
