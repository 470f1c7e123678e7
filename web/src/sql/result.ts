import type { SqlResult } from '../api/types';

/** JSON with its numbers' digits: one that a double cannot hold, or writes differently, stays as the text it came as. */
export function parseExact(text: string): unknown {
  const keep = (_: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : context.source;
  };
  return JSON.parse(text, keep);
}

/** A value as the table and CSV write it; nested ones as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}

/** A field that a spreadsheet would run as a formula gets no such chance where it is text. */
function quote(value: unknown): string {
  const text = cellText(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180 with a header, and the mark by which spreadsheets know UTF-8. */
export function csvOf(result: SqlResult): string {
  const lines = [result.columns.map((column) => quote(column.name)), ...result.rows.map((row) => row.map(quote))];
  return `\u{FEFF}${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}
