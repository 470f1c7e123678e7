/** A stretch of time as an address has it: the pages read it before they fetch what draws it. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Stretches that one button shows, by the word in the address; they end a little after the newest value. */
export const SPANS = { '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS, '1y': 365 * DAY_MS } as const;
export type Span = keyof typeof SPANS | 'all';

export const isSpan = (text: unknown): text is Span => text === 'all' || (typeof text === 'string' && text in SPANS);

/** A moment as an address has it: to the minute. */
export const toAddress = (at_ms: number): string => `${new Date(at_ms).toISOString().slice(0, 16)}Z`;

/** A moment of an address. */
export function fromAddress(text: string | undefined): number | undefined {
  const at_ms = text !== undefined && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at_ms) ? undefined : at_ms;
}
