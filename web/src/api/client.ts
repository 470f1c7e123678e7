import { isBackground } from '../live/activity';
import { note } from '../live/connection';

/** What the server refused or could not do, in its words. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when there was no answer at all. */
    readonly status: number,
    message: string,
    /** The request's id, to look up in the server's log. */
    readonly id?: string,
    /** Seconds to wait before another try. */
    readonly wait_s?: number,
    /** Byte offset of the error in what was sent (SQL). */
    readonly at?: number,
    /** What the server suggests. */
    readonly hint?: string,
    /** The server's word for the kind of error. */
    readonly code?: string,
  ) {
    super(message);
  }
}

/** The token that the server asks back with each request that changes something; known from GET /api/session. */
let csrf = '';
export function setCsrf(token: string): void {
  csrf = token;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** The error that `response` carries: our `{error: …}`, a FHIR OperationOutcome, or plain text. */
async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  let message = '';
  let body: Json = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) body = isObject(parsed['error']) ? parsed['error'] : parsed;
    const issue: unknown = Array.isArray(body['issue']) ? body['issue'][0] : undefined;
    message =
      asText(body['message']) ??
      asText(body['error']) ??
      (isObject(issue) ? (asText(issue['diagnostics']) ?? asText(issue['code'])) : undefined) ??
      '';
  } catch {
    message = text.slice(0, 400);
  }
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(
    response.status,
    message,
    asText(body['id']) ?? response.headers.get('x-request-id') ?? undefined,
    Number.isFinite(wait) ? wait : undefined,
    asNumber(body['at']) ?? asNumber(body['offset']),
    asText(body['hint']),
    asText(body['code']),
  );
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  accept?: string;
  signal?: AbortSignal | undefined;
}

/** Sends a request to this server. Resolves for 2xx, else throws an `ApiError`. */
export async function send(path: string, call: Call = {}): Promise<Response> {
  const headers = new Headers({ accept: call.accept ?? 'application/json' });
  const method = call.method ?? 'GET';
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (call.signal) init.signal = call.signal;
  // What the page asks for by itself must not keep the session of somebody who has left.
  if (isBackground()) headers.set('x-medweave-background', '1');
  if (method !== 'GET') headers.set('x-csrf-token', csrf);
  if (call.body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(call.body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (call.signal?.aborted) throw error;
    note(false);
    throw new ApiError(0, '');
  }
  note(true);
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Sends a request and reads the answer's JSON, which the caller's type describes. */
export async function json<T>(path: string, call: Call = {}): Promise<T> {
  const response = await send(path, call);
  // Some answers (signing out) have no body.
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}
