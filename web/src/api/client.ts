import { isBackground } from '../live/activity';
import { note } from '../live/connection';

type Json = Record<string, unknown>;

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
    /** All that the server said of it. */
    readonly details: Json = {},
  ) {
    super(message);
  }
}

/** The token that the server asks back with each request that changes something; known from GET /api/session. */
let csrf = '';
export function setCsrf(token: string): void {
  csrf = token;
}

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
    body,
  );
}

/** The status that an answer would have had whose error came on its last line, when it had long begun. */
const STATUS: Record<string, number> = { exception: 500, transient: 503, forbidden: 403, 'not-found': 404, 'no-store': 507, conflict: 409, 'business-rule': 409 };

function errorOfLine(body: Json): ApiError {
  const code = asText(body['code']);
  return new ApiError(STATUS[code ?? ''] ?? 422, asText(body['message']) ?? '', undefined, undefined, asNumber(body['at']), asText(body['hint']), code, body);
}

/**
 * Sends a request whose answer comes line by line, each a JSON object of one member. `each` is told of all but the last, which is
 * what this resolves to: `{"report": …}`; an `{"error": …}` is thrown.
 */
export async function lines<Report>(path: string, call: Call, each: (line: Json) => void): Promise<Report> {
  const response = await send(path, { ...call, method: 'POST', accept: 'application/x-ndjson' });
  let report: Report | undefined;
  const take = (text: string): void => {
    if (text.trim() === '') return;
    const line: unknown = JSON.parse(text);
    if (!isObject(line)) return;
    if (isObject(line['error'])) throw errorOfLine(line['error']);
    if ('report' in line) report = line['report'] as Report;
    else each(line);
  };
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      const parts = (rest + value).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) take(part);
    }
    take(rest);
  } catch (error) {
    // The connection broke, and with it what was going on.
    if (error instanceof TypeError) throw new ApiError(0, '');
    throw error;
  }
  if (report === undefined) throw new ApiError(0, '');
  return report;
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Sent as they are, in place of a body of JSON. */
  bytes?: Uint8Array<ArrayBuffer>;
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
  } else if (call.bytes !== undefined) {
    headers.set('content-type', 'application/octet-stream');
    init.body = call.bytes;
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
