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

/** A line of two texts side by side; what stands on one side alone has nothing on the other. */
export interface Pair {
  kind: 'same' | 'different';
  before?: string;
  after?: string;
}

/** The lines of a comparison side by side: what went and what came in its place stand in one line. */
export function sideBySide(lines: readonly Line[]): Pair[] {
  const pairs: Pair[] = [];
  let gone: string[] = [];
  let come: string[] = [];
  const flush = (): void => {
    for (let n = 0; n < Math.max(gone.length, come.length); n += 1) {
      const [before, after] = [gone[n], come[n]];
      pairs.push({ kind: 'different', ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
    }
    gone = [];
    come = [];
  };
  for (const { kind, text } of lines) {
    if (kind === 'gone') gone.push(text);
    else if (kind === 'new') come.push(text);
    else {
      flush();
      pairs.push({ kind: 'same', before: text, after: text });
    }
  }
  flush();
  return pairs;
}
