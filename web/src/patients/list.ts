/**
 * The list that charts are opened from, kept for this tab so that `[` and `]` lead on through it, also after a reload. It holds
 * ids and what was typed to find them, and is forgotten with the session.
 */
export interface PatientList {
  /** What was asked. */
  q: string;
  ids: string[];
}

const KEY = 'medweave.list';

let list: PatientList | undefined;

function isList(value: unknown): value is PatientList {
  if (typeof value !== 'object' || value === null) return false;
  const { q, ids } = value as Partial<PatientList>;
  return typeof q === 'string' && Array.isArray(ids) && ids.every((id) => typeof id === 'string');
}

/** Remembers the list that is in view. */
export function keepList(next: PatientList): void {
  list = next;
  try {
    globalThis.sessionStorage?.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage is off: the list holds until the page is loaded anew.
  }
}

export function forgetList(): void {
  list = undefined;
  try {
    globalThis.sessionStorage?.removeItem(KEY);
  } catch {
    // As above.
  }
}

function kept(): PatientList | undefined {
  if (list) return list;
  try {
    const value: unknown = JSON.parse(globalThis.sessionStorage?.getItem(KEY) ?? 'null');
    if (isList(value)) list = value;
  } catch {
    // What cannot be read is no list.
  }
  return list;
}

/** Where a patient stands in the list one came from. */
export interface Place {
  q: string;
  /** 1-based. */
  no: number;
  of: number;
  previous?: string;
  next?: string;
}

export function placeOf(id: string): Place | undefined {
  const from = kept();
  const at = from?.ids.indexOf(id) ?? -1;
  if (!from || at < 0) return undefined;
  const [previous, next] = [from.ids[at - 1], from.ids[at + 1]];
  return { q: from.q, no: at + 1, of: from.ids.length, ...(previous !== undefined && { previous }), ...(next !== undefined && { next }) };
}

/**
 * `next` in the order that `shown` has, so that no row moves under a pointer: what is no longer there keeps its place as it was, and
 * what is new stands at the end.
 */
export function inOrderOf<Row extends { id: string }>(shown: Row[], next: Row[]): Row[] {
  const newest = new Map(next.map((row) => [row.id, row]));
  const known = new Set(shown.map((row) => row.id));
  return [...shown.map((row) => newest.get(row.id) ?? row), ...next.filter((row) => !known.has(row.id))];
}
