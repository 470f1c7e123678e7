/** A number with the digits that were written. */
class Digits {
  constructor(readonly source: string) {}
}

/** JSON whose numbers keep their digits. */
export function parseDigits(text: string): unknown {
  const keep = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value) ? new Digits(context.source) : value;
  return JSON.parse(text, keep);
}

/** A line of laid out JSON, and the place of what begins on it. */
export interface Line {
  text: string;
  depth: number;
  /** `component[1].valueQuantity`; empty for brackets that end something. */
  path: string;
}

/** Lays a value out line by line; each line knows its path. */
export function jsonLines(value: unknown): Line[] {
  const lines: Line[] = [];
  const walk = (one: unknown, head: string, tail: string, depth: number, path: string): void => {
    if (one instanceof Digits) lines.push({ text: `${head}${one.source}${tail}`, depth, path });
    else if (Array.isArray(one)) {
      lines.push({ text: `${head}[`, depth, path });
      one.forEach((item, n) => walk(item, '', n < one.length - 1 ? ',' : '', depth + 1, `${path}[${n}]`));
      lines.push({ text: `]${tail}`, depth, path: '' });
    } else if (typeof one === 'object' && one !== null) {
      lines.push({ text: `${head}{`, depth, path });
      const members = Object.entries(one);
      members.forEach(([name, member], n) => walk(member, `${JSON.stringify(name)}: `, n < members.length - 1 ? ',' : '', depth + 1, path ? `${path}.${name}` : name));
      lines.push({ text: `}${tail}`, depth, path: '' });
    } else lines.push({ text: `${head}${JSON.stringify(one)}${tail}`, depth, path });
  };
  walk(value, '', '', 0, '');
  return lines;
}

interface Step {
  name: string;
  index: string | undefined;
}

/** Steps of a path; dots within brackets (an extension's address) are no ends of steps. */
function steps(path: string): Step[] {
  const found: Step[] = [];
  for (const match of path.matchAll(/([^.[\]]+)((?:\[[^\]]*\])*)\.?/g)) {
    const index = /\[([^\]]*)\]/.exec(match[2] ?? '')?.[1];
    found.push({ name: match[1] ?? '', index });
  }
  return found;
}

/** Whether a step of a mapping's element means a member: `value` is any `valueQuantity`, `valueString` … */
const means = (name: string, member: string): boolean => name === member || (member.startsWith(name) && /^[A-Z]/.test(member.slice(name.length)));

/** How many steps of `path` an element of a mapping covers: 0 if it does not make what stands there. */
function covers(element: string, path: string): number {
  const [own, asked] = [steps(element), steps(path)];
  if (own.length > asked.length) return 0;
  const fits = own.every(({ name, index }, n) => {
    const there = asked[n];
    return there !== undefined && means(name, there.name) && (index === undefined || index === '' || there.index === undefined || !/^\d+$/.test(index) || index === there.index);
  });
  return fits ? own.length : 0;
}

/** The element of a mapping that makes what stands at `path`: the one that says the most of it. */
export function elementAt<E extends { element: string }>(elements: E[], path: string): E | undefined {
  let best: E | undefined;
  let most = 0;
  for (const element of elements) {
    const covered = covers(element.element, path);
    if (covered > most) [best, most] = [element, covered];
  }
  return best;
}
