import { json } from '../api/client';
import type { DeadLetter, DeadLetters } from '../api/types';
import { TABLE_DOORS } from './senders';
import type { LetterState } from './states';

/** The doors by which messages, files and documents come: what is not of a row of a table. */
export const MESSAGE_DOORS = ['mllp', 'http', 'import'] as const;
export const LETTER_DOORS: readonly string[] = [...MESSAGE_DOORS, ...TABLE_DOORS];

export interface LettersWanted {
  state: LetterState;
  source?: string | undefined;
  /** One door; without it those of messages, files and documents. */
  door?: string | undefined;
}

/** Letters that are asked for at once, of each door. */
const PAGE = 200;

export interface LetterPage {
  letters: DeadLetter[];
  /** How many of what is wanted are open, whichever state is looked at. */
  open: number;
  /** The number before which the next page begins. */
  next: number | undefined;
}

/** Newest first, of several answers with the same bound: as far as all of them reach. */
export function mergedPage(answers: DeadLetters[]): LetterPage {
  // An answer that has more tells nothing of what is older than its last one.
  const reach = Math.max(0, ...answers.flatMap(({ dead_letters, next_before }) => (next_before === null ? [] : [dead_letters.at(-1)?.no ?? 0])));
  const letters = answers.flatMap(({ dead_letters }) => dead_letters).filter(({ no }) => no >= reach).toSorted((a, b) => b.no - a.no);
  return { letters, open: answers.reduce((sum, { open }) => sum + open, 0), next: reach > 0 ? reach : undefined };
}

export async function fetchLetters({ state, source, door }: LettersWanted, before: number | undefined, signal: AbortSignal): Promise<LetterPage> {
  const ask = (of: string | undefined) =>
    json<DeadLetters>(`/api/deadletters?${new URLSearchParams({ state, limit: String(PAGE), ...(of !== undefined && { door: of }), ...(source !== undefined && { source }), ...(before !== undefined && { before: String(before) }) })}`, { signal });
  if (door === undefined && before === undefined && (state === 'open' || state === 'all')) {
    // Mostly one answer has them all, rows of tables among them; what is open can be counted in it.
    const all = await ask(undefined);
    if (all.next_before === null) return withoutRows(all);
  }
  return mergedPage(await Promise.all((door === undefined ? MESSAGE_DOORS : [door]).map(ask)));
}

/** An answer that has everything, without what is of rows of tables. */
function withoutRows({ dead_letters }: DeadLetters): LetterPage {
  const letters = dead_letters.filter((letter) => !isOfRow(letter));
  return { letters, open: letters.filter((letter) => letter.state === 'open').length, next: undefined };
}

/** Whether a letter is of a row of a table: it is dealt with where its source is. */
export const isOfRow = ({ arrival: { door } }: DeadLetter): boolean => TABLE_DOORS.includes(door);

/** The kind of a place: `OBX[3]-5[2].1` and `OBX-5.1` are one, `line 3, Patient.name[1]` and `line 9, Patient.name[0]` too. */
const placeKind = (place: string): string => place.replace(/\bline \d+/g, 'line').replace(/\[\d+\]/g, '');

/** Whether two letters have the same fault: they came from one source in one form, and the same is wrong at the same kind of place. */
export function isAlike(a: DeadLetter, b: DeadLetter): boolean {
  return a.what === b.what && placeKind(a.place) === placeKind(b.place) && a.arrival.source === b.arrival.source && a.arrival.media === b.arrival.media;
}

/** Letters that are asked for at once to find those alike, and answers that are looked through. */
const SEARCHED = 1_000;
const MOST_SEARCHES = 20;

export interface Alike {
  /** Oldest first: in the order in which they came. */
  letters: DeadLetter[];
  /** Whether there are older ones that were not looked through. */
  isCut: boolean;
}

/** The other open letters with the fault of `letter`. */
export async function fetchAlike(letter: DeadLetter, signal?: AbortSignal): Promise<Alike> {
  const { source, door } = letter.arrival;
  const found: DeadLetter[] = [];
  let before: number | null = null;
  for (let n = 0; n < MOST_SEARCHES; n += 1) {
    const query: URLSearchParams = new URLSearchParams({ state: 'open', door, source, limit: String(SEARCHED), ...(before !== null && { before: String(before) }) });
    const page: DeadLetters = await json<DeadLetters>(`/api/deadletters?${query}`, { signal });
    found.push(...page.dead_letters.filter((other) => other.no !== letter.no && isAlike(other, letter)));
    before = page.next_before;
    if (before === null) break;
  }
  return { letters: found.toReversed(), isCut: before !== null };
}
