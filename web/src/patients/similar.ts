import type { Name } from '../api/types';

/** What of a name is compared: letters alone, folded. */
function fold(name: Name): string {
  const latin = [name.family, name.given].filter(Boolean).join(' ') || name.text;
  return latin
    .normalize('NFKD')
    .replace(/[^\p{L}]/gu, '')
    .toLowerCase();
}

/** Edit distance, given up above `most`. */
export function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row[b.length] ?? most + 1;
}

/**
 * Places of names that another one in view could be taken for: equal, or two letters apart. Short names must be nearer, else every
 * two-letter name would look like every other.
 */
export function similarNames(names: Name[]): Set<number> {
  const folded = names.map(fold);
  const similar = new Set<number>();
  for (let i = 0; i < folded.length; i += 1) {
    for (let j = i + 1; j < folded.length; j += 1) {
      const a = folded[i] ?? '';
      const b = folded[j] ?? '';
      const most = Math.min(2, Math.floor(Math.min(a.length, b.length) / 3));
      if (a && b && distance(a, b, most) <= most) similar.add(i).add(j);
    }
  }
  return similar;
}
