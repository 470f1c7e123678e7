import { ApiError, send } from '../api/client';
import type { SqlResult } from '../api/types';
import { parseExact } from './result';

/** Rows of a file at most; the server's own bound. */
const MOST_ROWS = 10_000_000;

/** Forms that a result can be had in as a file. */
export const FILES = { csv: 'csv', parquet: 'parquet', arrow: 'arrows' } as const;
export type FileForm = keyof typeof FILES;

/** An answer that broke off: its beginning was sent before the question failed. */
function brokenOff(error: unknown): unknown {
  return error instanceof TypeError ? new ApiError(0, '') : error;
}

export async function ask(sql: string, limit: number, signal: AbortSignal): Promise<SqlResult> {
  const response = await send('/api/sql', { method: 'POST', body: { sql, limit }, signal });
  try {
    return parseExact(await response.text()) as SqlResult;
  } catch (error) {
    throw brokenOff(error);
  }
}

/** The whole result as a file, asked for anew; and the position of the data it saw. */
export async function askFile(sql: string, form: FileForm, signal: AbortSignal): Promise<{ content: Blob; seq: string }> {
  const response = await send('/api/sql', { method: 'POST', body: { sql, limit: MOST_ROWS, format: form }, signal, accept: '*/*' });
  try {
    return { content: await response.blob(), seq: response.headers.get('x-medweave-seq') ?? '' };
  } catch (error) {
    throw brokenOff(error);
  }
}

/** A file's content is let go only when even a slow machine has long begun to save it. */
const KEEP_MS = 60_000;

/** Hands a file to the person. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
