import { spanOf, type Span } from '../parts/jsonText';

/** Where in the text of a letter its issue is. */
export interface Placed {
  /** The part that it stands in: a segment, a line; nothing if that is not in the text. */
  within?: Span | undefined;
  /** What it is about. An empty field is marked with what separates it from others. */
  field?: Span | undefined;
}

/** A place of an HL7 v2 message by its names: `OBX[3]-5[2].1.2`. */
interface MessagePlace {
  segment: string;
  occurrence: number;
  /** Counted from 1, as in the standard; 0 is the whole of it. */
  field: number;
  repeat: number;
  component: number;
  sub: number;
}

/** Reads what the server writes of a place in a message; nothing if it is none. */
export function messagePlace(text: string): MessagePlace | undefined {
  const found = /^([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?)?$/.exec(text.trim());
  if (!found) return undefined;
  const [, segment = '', ...numbers] = found;
  const [occurrence = 1, field = 0, repeat = 1, component = 0, sub = 0] = numbers.map((number) => (number === undefined ? undefined : Number(number)));
  return { segment, occurrence, field, repeat, component, sub };
}

/** The place of the `n`th of what `separator` parts in `span`, counted from 1. */
function nth(text: string, span: Span, separator: string, n: number): Span | undefined {
  let from = span.from;
  for (let at = 1; at < n; at += 1) {
    const next = separator ? text.indexOf(separator, from) : -1;
    if (next < 0 || next >= span.to) return undefined;
    from = next + 1;
  }
  const end = separator ? text.indexOf(separator, from) : -1;
  return { from, to: end < 0 || end > span.to ? span.to : end };
}

/** What is empty is seen by what stands around it. */
const seen = ({ from, to }: Span, within: Span): Span => (from < to ? { from, to } : { from: Math.max(within.from, from - 1), to: Math.min(within.to, to + 1) });

/** A segment and the part of it that `place` names. */
export function placeInMessage(text: string, place: string): Placed | undefined {
  const wanted = messagePlace(place);
  if (!wanted) return undefined;
  const header = /(?:^|[\r\n\u000b])\s*MSH([^A-Za-z0-9\s])([^\r\n]{0,5})/.exec(text);
  const separator = header?.[1] ?? '|';
  const [component = '^', repetition = '~', , sub = '&'] = (header?.[2] ?? '^~\\&').split(separator)[0] ?? '';
  const segments = [...text.matchAll(/[^\r\n]+/g)].filter(([line]) => line.replace(/^[\s\u000b]+/, '').toUpperCase().startsWith(wanted.segment) && !/^[A-Za-z0-9]/.test(line.trim().slice(3)));
  const segment = segments[wanted.occurrence - 1];
  if (!segment) return {};
  const within = { from: segment.index, to: segment.index + segment[0].length };
  if (wanted.field === 0) return { within };
  // MSH-1 is the separator itself, MSH-2 what follows it.
  const isHeader = wanted.segment === 'MSH';
  if (isHeader && wanted.field === 1) return { within, field: { from: within.from + 3, to: within.from + 4 } };
  let at = nth(text, within, separator, isHeader ? wanted.field : wanted.field + 1);
  if (!at) return { within };
  const steps: [string, number][] = isHeader && wanted.field === 2 ? [] : [[repetition, wanted.repeat], [component, wanted.component], [sub, wanted.sub]];
  for (const [between, n] of steps) {
    if (n === 0) break;
    const inner = nth(text, at, between, n);
    if (!inner) break;
    at = inner;
  }
  return { within, field: seen(at, within) };
}

/** An element of a resource as JSON, or the last one on the way to it that is there: `line 3, Observation.code`. */
function placeInJson(text: string, place: string): Placed | undefined {
  const path = place.replace(/^line \d+(?:, )?/, '').replace(/^[A-Z][A-Za-z]+(?:\.|$)/, '');
  const steps = path.match(/[^.[\]]+/g) ?? [];
  for (let length = steps.length; length > 0; length -= 1) {
    const field = spanOf(text, steps.slice(0, length).join('.'));
    if (field) return { field };
  }
  return undefined;
}

/** What of a text an issue speaks of by counting: `at column 46`, `byte 12`. */
function placeByCount(text: string, what: string): Placed | undefined {
  const column = /\b(?:at )?column (\d+)\b/.exec(what)?.[1];
  if (column === undefined) return undefined;
  const line = Number(/\bline (\d+),? column\b/.exec(what)?.[1] ?? 1);
  let start = 0;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  const at = Math.min(text.length, start + Number(column) - 1);
  // Where the text ends too early, its last character is shown.
  const from = Math.max(0, Math.min(at, text.length - 1));
  return { field: { from, to: Math.min(text.length, from + 1) } };
}

interface Issue {
  place: string;
  what: string;
  media: string;
}

/** Where in `text` the issue of a letter is; nothing where it tells of no place that could be shown. */
export function placeIn(text: string, { place, what, media }: Issue): Placed | undefined {
  if (media.includes('hl7-v2')) return placeInMessage(text, place);
  if (/json/.test(media)) return placeByCount(text, what) ?? placeInJson(text, place);
  return placeByCount(text, what);
}
