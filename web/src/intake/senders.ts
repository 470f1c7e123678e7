import type { ArrivalSources, DeadLetter } from '../api/types';

/** How much a source sent. */
export interface Rate {
  minute: number;
  hour: number;
  /** The newest within the hour. */
  last: string;
  doors: string[];
}

export interface SenderRow {
  name: string;
  address?: string | undefined;
  doors: string[];
  last?: string | undefined;
  rate?: Rate | undefined;
  /** How many of its letters are open. */
  letters: number;
  state: 'sending' | 'quiet' | 'never';
}

/** The doors of what the program does by itself: none of them is a sender's. */
export const OWN_DOORS = ['pull', 'mapping', 'undo', 'redo'];
export const TABLE_DOORS = ['pull', 'mapping'];

interface Known {
  allowed: { name: string; address?: string }[];
  tables: ReadonlySet<string>;
  came: ArrivalSources['sources'];
  rates: ReadonlyMap<string, Rate> | undefined;
  letters: DeadLetter[];
}

/** Who sends messages and files, those first of whom something was refused. Sources of tables have a page of their own. */
export function senderRows({ allowed, tables, came, rates, letters }: Known): SenderRow[] {
  const rows = new Map<string, SenderRow>();
  for (const { name, address } of allowed) if (!tables.has(name)) rows.set(name, { name, address, doors: [], letters: 0, state: 'never' });
  for (const { name, door, last } of came) {
    if (tables.has(name)) continue;
    const rate = rates?.get(name);
    // The newest may be what was taken back: of the hour it is known what was sent last.
    const isOwn = OWN_DOORS.includes(door);
    const doors = [...new Set([...(isOwn ? [] : [door]), ...(rate?.doors ?? [])])];
    rows.set(name, { ...rows.get(name), name, doors, last: isOwn ? (rate?.last ?? last) : last, rate, letters: 0, state: rates && !rate ? 'quiet' : 'sending' });
  }
  for (const { arrival } of letters) {
    const row = TABLE_DOORS.includes(arrival.door) ? undefined : rows.get(arrival.source);
    if (row) row.letters += 1;
  }
  return [...rows.values()].toSorted((a, b) => Number(b.letters > 0) - Number(a.letters > 0) || a.name.localeCompare(b.name));
}

/** The question that tells how much each source sent in the minute and the hour before `now`. */
export function rateQuestion(now: string): string {
  const before = (seconds: number) => `TIMESTAMP '${new Date(Date.parse(now) - seconds * 1_000).toISOString()}'`;
  return `SELECT source, door, count(*) FILTER (WHERE received > ${before(60)}) AS minute, count(*) AS hour, max(received) AS last
FROM arrival
WHERE received > ${before(3_600)} AND door NOT IN (${OWN_DOORS.map((door) => `'${door}'`).join(', ')})
GROUP BY source, door
ORDER BY source, last DESC`;
}

/** The answer to it, by source. */
export function ratesOf(rows: unknown[][]): Map<string, Rate> {
  const rates = new Map<string, Rate>();
  for (const [source, door, minute, hour, last] of rows) {
    if (typeof source !== 'string' || typeof door !== 'string') continue;
    const rate = rates.get(source) ?? { minute: 0, hour: 0, last: '', doors: [] };
    const at = typeof last === 'string' ? last : '';
    rates.set(source, { minute: rate.minute + Number(minute), hour: rate.hour + Number(hour), last: at > rate.last ? at : rate.last, doors: [...rate.doors, door] });
  }
  return rates;
}
