import { bytesOf } from './bytes';
import { Scanner } from './jsonText';

/** An element that two versions of a record do not have alike: its path, and what stands there, as it is written. */
export interface Change {
  path: string;
  before?: string;
  after?: string;
}

type Tree = { kind: 'value'; raw: string } | { kind: 'object'; raw: string; members: Map<string, Tree> } | { kind: 'array'; raw: string; items: Tree[] };

function read(scanner: Scanner): Tree {
  const open = scanner.peek();
  const from = scanner.at;
  if (open !== '{' && open !== '[') {
    const span = scanner.value();
    return { kind: 'value', raw: scanner.text.slice(span.from, span.to) };
  }
  const members = new Map<string, Tree>();
  const items: Tree[] = [];
  scanner.nest((key) => {
    const tree = read(scanner);
    if (key === undefined) items.push(tree);
    else members.set(nameOf(key), tree);
    return 'read';
  });
  const raw = scanner.text.slice(from, scanner.at);
  return open === '{' ? { kind: 'object', raw, members } : { kind: 'array', raw, items };
}

/** A member's name without its quotes. */
function nameOf(key: string): string {
  try {
    return String(JSON.parse(key));
  } catch {
    return key;
  }
}

/** Of every version they are others, and they stand at the head of each. */
const OWN = new Set(['meta.versionId', 'meta.lastUpdated']);

/** The elements that differ between two versions, in the order of the newer one. Numbers are compared as they are written: 7.4 is not 7.40. */
export function changesOf(before: string, after: string): Change[] {
  const changes: Change[] = [];
  const [one, other] = [read(new Scanner(before)), read(new Scanner(after))];
  compare('', one, other, changes);
  return changes.filter(({ path }) => !OWN.has(path));
}

function compare(path: string, one: Tree | undefined, other: Tree | undefined, into: Change[]): void {
  if (one?.raw === other?.raw) return;
  if (one?.kind === 'object' && other?.kind === 'object') {
    for (const name of new Set([...other.members.keys(), ...one.members.keys()])) compare(path === '' ? name : `${path}.${name}`, one.members.get(name), other.members.get(name), into);
    return;
  }
  if (one?.kind === 'array' && other?.kind === 'array') {
    compareItems(path, one.items, other.items, into);
    return;
  }
  into.push({ path, ...(one && { before: one.raw }), ...(other && { after: other.raw }) });
}

/** Items that stand alike at the beginning and the end of both are the same; those between are compared by their place. */
function compareItems(path: string, one: Tree[], other: Tree[], into: Change[]): void {
  let head = 0;
  while (head < one.length && head < other.length && one[head]?.raw === other[head]?.raw) head += 1;
  let tail = 0;
  while (tail < one.length - head && tail < other.length - head && one.at(-1 - tail)?.raw === other.at(-1 - tail)?.raw) tail += 1;
  const most = Math.max(one.length, other.length) - tail;
  for (let n = head; n < most; n += 1) compare(`${path}[${n}]`, n < one.length - tail ? one[n] : undefined, n < other.length - tail ? other[n] : undefined, into);
}

/** Elements whose value is base64, whatever it holds. */
const BASE64 = /(^|\.)data$/;

/** What is written in an element: of a text that was attached the text, which its base64 tells nobody. */
export function wordsOf(path: string, raw: string): string {
  const bytes = BASE64.test(path) && raw.startsWith('"') ? bytesOf(raw.slice(1, -1)) : undefined;
  if (!bytes || bytes.length === 0) return raw;
  try {
    const words = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /[\u0000-\u0008\u000e-\u001f]/.test(words) ? raw : words;
  } catch {
    return raw;
  }
}
