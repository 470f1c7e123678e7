/** A line of two texts laid side by side. */
export interface Line {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

/** Lines beyond which a comparison is not tried: the table below has as many cells as the product of both. */
const MOST_LINES = 3_000;

/** What changed from `before` to `after`, by lines; `undefined` if the texts are too long to compare. */
export function diff(before: string, after: string): Line[] | undefined {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length > MOST_LINES || b.length > MOST_LINES) return undefined;
  const width = b.length + 1;
  // Longest common subsequence of the tails from (i, j).
  const common = new Uint16Array((a.length + 1) * width);
  const cell = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || cell(i + 1, j) >= cell(i, j + 1))) {
      lines.push({ kind: 'gone', text: a[i] ?? '' });
      i += 1;
    } else {
      lines.push({ kind: 'new', text: b[j] ?? '' });
      j += 1;
    }
  }
  return lines;
}
