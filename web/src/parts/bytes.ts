import type { Located } from './hl7Text';
import type { Span } from './jsonText';

/** Character sets that are offered to read bytes in; others may be declared. */
const CHARSETS = [
  'utf-8', 'gb18030', 'big5', 'shift_jis', 'iso-2022-jp', 'euc-kr', 'iso-8859-1', 'iso-8859-2', 'iso-8859-5', 'iso-8859-7', 'iso-8859-15', 'windows-1251', 'windows-1252',
];

/** In which character set bytes are read, and whether nobody said so. */
export interface Reading {
  charset: string;
  guessed: boolean;
}

/** What is offered beside the one that is used. */
export const charsets = (used: string): string[] => (CHARSETS.includes(used) ? CHARSETS : [used, ...CHARSETS]);

/** The name of a character set as browsers know it; nothing if this one does not. */
function known(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}

/** Bytes of base64; `undefined` if it is none. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const letters = atob(base64.replace(/\s+/g, ''));
    const bytes = new Uint8Array(letters.length);
    for (let n = 0; n < letters.length; n += 1) bytes[n] = letters.charCodeAt(n);
    return bytes;
  } catch {
    return undefined;
  }
}

/** A stretch of received bytes as text, and what of it is marked. */
export interface Piece {
  text: string;
  mark?: 'record' | 'field';
}

/** Names of HL7 table 0211 that are not those of a browser. */
const DECLARED: [RegExp, string][] = [
  [/UTF-?8/, 'utf-8'],
  [/GB ?18030|GBK|GB ?2312/, 'gb18030'],
  [/BIG-?5/, 'big5'],
  [/SHIFT_?JIS/, 'shift_jis'],
  [/ISO IR(87|159)/, 'iso-2022-jp'],
  [/KS X 1001/, 'euc-kr'],
];

/** The character set of a name as HL7 spells it. */
function ofHl7(text: string): string | undefined {
  const name = text.trim().toUpperCase();
  const latin = /8859[/-](\d+)$/.exec(name)?.[1];
  return (latin && known(`iso-8859-${latin}`)) ?? DECLARED.find(([pattern]) => pattern.test(name))?.[1];
}

/** The character set that a message names in MSH-18. */
function inHeader(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('iso-8859-1').decode(bytes);
  const start = text.search(/MSH[^A-Za-z0-9\s]/);
  if (start < 0) return undefined;
  const header = text.slice(start).split(/[\r\n]/, 1)[0] ?? '';
  return ofHl7((header.split(header.charAt(3))[17] ?? '').split(header.charAt(5))[0] ?? '');
}

const isHigh = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x80;

/** Whether most letters beyond ASCII stand alone, as in the languages of Europe; those of East Asia come in pairs at least. */
function standAlone(bytes: Uint8Array): boolean {
  let [alone, all] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    if (!isHigh(bytes[at])) continue;
    all += 1;
    if (!isHigh(bytes[at - 1]) && !isHigh(bytes[at + 1])) alone += 1;
  }
  return 2 * alone > all;
}

interface Said {
  /** What the mapping of a table says of its files. */
  encoding?: string | null | undefined;
  /** What is agreed with the sender of messages, as HL7 spells it. */
  charset?: string | null | undefined;
  /** How the arrival begins, where the bytes are from further inside. */
  head?: Uint8Array | undefined;
}

/**
 * How bytes are read: as their mapping says; UTF-8 where they are that; as the message says, or what is agreed with its sender. Where
 * nobody says anything it is guessed from what the bytes look like.
 */
export function readingOf(bytes: Uint8Array, { encoding, charset, head }: Said = {}): Reading {
  const declared = encoding ? known(encoding) : undefined;
  // Plain ASCII reads alike; what is UTF-8 beyond it is that, whatever is declared: rows of databases and sheets are kept as such.
  if (declared && !bytes.some((b) => b > 0x7f)) return { charset: declared, guessed: false };
  try {
    // A range may begin or end inside a character: its first and last bytes say nothing.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(bytes.findIndex((b) => (b & 0xc0) !== 0x80)), { stream: true });
    return { charset: 'utf-8', guessed: false };
  } catch {
    if (declared) return { charset: declared, guessed: false };
    const said = [inHeader(bytes), head && inHeader(head), charset ? ofHl7(charset) : undefined].find((name) => name !== undefined && name !== 'utf-8');
    if (said) return { charset: said, guessed: false };
    return { charset: standAlone(bytes) ? 'windows-1252' : 'gb18030', guessed: true };
  }
}

/** The end of a segment as a sign that every font has; other control characters by number. What breaks a line there breaks it here. */
function show(text: string): string {
  return text
    .replace(/\r\n/g, '↵¶\u0000')
    .replace(/\r/g, '↵\u0000')
    .replace(/\u0000/g, '\n')
    .replace(/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => `‹${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}›`);
}

/**
 * Cuts bytes into what stands before the record, the record with the used field marked, and what stands after.
 * `record` is the record's place in `bytes`; `locate` finds in its text the part that counts and the element that was used.
 */
export function pieces(bytes: Uint8Array, record: Span, locate: (text: string) => Located | undefined, charset: string): Piece[] {
  // The bytes may end inside a character, of which then nothing is shown.
  const decode = (from: number, to: number): string => new TextDecoder(charset).decode(bytes.subarray(from, to), { stream: to === bytes.length && to > record.to });
  const text = decode(record.from, record.to);
  const { within = { from: 0, to: text.length }, field } = locate(text) ?? {};
  const all: Piece[] = [{ text: decode(0, record.from) + text.slice(0, within.from) }];
  if (field) {
    all.push(
      { text: text.slice(within.from, field.from), mark: 'record' },
      { text: text.slice(field.from, field.to), mark: 'field' },
      { text: text.slice(field.to, within.to), mark: 'record' },
    );
  } else all.push({ text: text.slice(within.from, within.to), mark: 'record' });
  all.push({ text: text.slice(within.to) + decode(record.to, bytes.length) });
  return all.filter((piece) => piece.text !== '').map((piece) => ({ ...piece, text: show(piece.text) }));
}
