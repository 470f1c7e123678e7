import { startOf } from '../parts/time';

/** A row of a trail, of accounts or of reads alike. */
export interface TrailRow {
  /** What tells it from all others: its place in the trail, or its time. */
  key: string;
  at: string;
  who: string;
  what: string;
  target: string;
  outcome: string;
  from: string;
  /** How many records were given out. */
  count?: number;
}

/** What of a trail is asked for. */
export interface Wanted {
  /** An account as the trail names it: `person/3 ada`. */
  about?: string | undefined;
  ended?: 'done' | 'not' | undefined;
  /** Part of who, of what it was done to, or of where it came from. */
  q?: string | undefined;
  /** Days on the wall clock of the site, both included. */
  since?: string | undefined;
  until?: string | undefined;
  what?: string | undefined;
}

/** What a row says was done: several things where one request changed several, and a role whichever it is. */
export const deedsOf = (what: string): string[] => what.split(', ').map((deed) => deed.replace(/^set role .*/s, 'set role'));

/** Whether a row tells what was done by or to an account, or tried in its name. */
function isAbout(row: TrailRow, about: string): boolean {
  const [key = '', name = ''] = about.split(/ (.*)/s);
  return row.target === key || row.target.startsWith(`${key} `) || row.who.startsWith(`${key} (`) || (name !== '' && row.who === `'${name}'`);
}

const DAY_MS = 86_400_000;

/** The moment a day ends on the wall clock of `zone`. */
function endOf(day: string, zone: string): number {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return startOf(next, zone);
}

/** The rows that are asked for, in the order they came in. */
export function matching(rows: TrailRow[], wanted: Wanted, zone: string): TrailRow[] {
  const text = wanted.q?.trim().toLowerCase() ?? '';
  const since_ms = wanted.since ? startOf(wanted.since, zone) : Number.NEGATIVE_INFINITY;
  const until_ms = wanted.until ? endOf(wanted.until, zone) : Number.POSITIVE_INFINITY;
  return rows.filter((row) => {
    const at_ms = Date.parse(row.at);
    return (
      at_ms >= since_ms &&
      at_ms < until_ms &&
      (wanted.what === undefined || deedsOf(row.what).includes(wanted.what)) &&
      (wanted.ended === undefined || (row.outcome === 'done') === (wanted.ended === 'done')) &&
      (wanted.about === undefined || isAbout(row, wanted.about)) &&
      (text === '' || `${row.who}\n${row.target}\n${row.from}`.toLowerCase().includes(text))
    );
  });
}

/** Whether rows older than all that were looked at could match too. */
export const mayGoOn = (oldest: TrailRow | undefined, since: string | undefined, zone: string): boolean =>
  oldest !== undefined && (since === undefined || Date.parse(oldest.at) >= startOf(since, zone));

/** A stretch of the accounts' trail, newest first. */
export interface Stretch {
  rows: TrailRow[];
  /** The place of the oldest row that was looked at; 1 is the first of all. */
  first: number;
}

/** Rows after a place in the trail, oldest first. */
export type Ask = (after: number, limit: number) => Promise<TrailRow[]>;

/** Rows that are asked for at once: the most that the server gives. */
export const AT_ONCE = 5_000;
/** How many rows before a place near the end are looked at first: the rest of what is asked for at once is room for rows that came since. */
const BEFORE = 4_000;
/** More requests than this are never made for one press. */
const MOST_REQUESTS = 20;

/** The end of the trail, found from a place that is near it: places have no gaps. */
export async function newest(ask: Ask, near: number): Promise<Stretch> {
  const after = Math.max(0, near - BEFORE);
  const rows: TrailRow[] = [];
  for (let n = 0; n < MOST_REQUESTS; n += 1) {
    const more = await ask(after + rows.length, AT_ONCE);
    rows.push(...more);
    if (more.length < AT_ONCE) break;
  }
  return { rows: rows.toReversed(), first: after + 1 };
}

/** What stands before a place. */
export async function older(ask: Ask, first: number): Promise<Stretch> {
  const after = Math.max(0, first - 1 - AT_ONCE);
  const rows = await ask(after, first - 1 - after);
  return { rows: rows.toReversed(), first: after + 1 };
}

/** A cell of a CSV. What a spreadsheet would take for a formula is kept from being one. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as a CSV that spreadsheets open, times as they are kept. */
export function csvOf(rows: TrailRow[]): string {
  const head = ['place', 'at', 'who', 'what', 'target', 'outcome', 'from', 'count'];
  const lines = rows.map((row) => [/^\d+$/.test(row.key) ? row.key : '', row.at, row.who, row.what, row.target, row.outcome, row.from, row.count === undefined ? '' : String(row.count)]);
  return `\u{FEFF}${[head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}
