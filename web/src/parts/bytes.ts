import type { Located } from './hl7Text';
import type { Span } from './jsonText';

/** Character sets that a person can have bytes read in. */
export const CHARSETS = [
  'utf-8', 'gb18030', 'big5', 'shift_jis', 'iso-2022-jp', 'euc-kr', 'iso-8859-1', 'iso-8859-2', 'iso-8859-5', 'iso-8859-7', 'iso-8859-15', 'windows-1251', 'windows-1252',
] as const;
export type Charset = (typeof CHARSETS)[number];

/** A stretch of received bytes as text, and what of it is marked. */
export interface Piece {
  text: string;
  mark?: 'record' | 'field';
}

/** Names of HL7 table 0211 that are not those of a browser. */
const DECLARED: [RegExp, Charset][] = [
  [/UTF-?8/, 'utf-8'],
  [/GB ?18030|GBK|GB ?2312/, 'gb18030'],
  [/BIG-?5/, 'big5'],
  [/SHIFT_?JIS/, 'shift_jis'],
  [/ISO IR(87|159)/, 'iso-2022-jp'],
  [/KS X 1001/, 'euc-kr'],
];

/** The character set that a message names in MSH-18. */
function declaredCharset(bytes: Uint8Array): Charset | undefined {
  const text = new TextDecoder('iso-8859-1').decode(bytes);
  const start = text.search(/MSH[^A-Za-z0-9\s]/);
  if (start < 0) return undefined;
  const header = text.slice(start).split(/[\r\n]/, 1)[0] ?? '';
  const name = (header.split(header.charAt(3))[17] ?? '').split(header.charAt(5))[0]?.trim().toUpperCase() ?? '';
  const latin = /8859[/-](\d+)$/.exec(name)?.[1];
  if (latin !== undefined) return CHARSETS.find((known) => known === `iso-8859-${latin}`);
  return DECLARED.find(([pattern]) => pattern.test(name))?.[1];
}

/**
 * UTF-8 where the bytes are that; else what the message says; else the encoding of most hospital systems that write another.
 * `head` is how the arrival begins, where `bytes` are from further inside.
 */
export function guessCharset(bytes: Uint8Array, head?: Uint8Array): Charset {
  try {
    // A range may begin or end inside a character: its first and last bytes say nothing.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(bytes.findIndex((b) => (b & 0xc0) !== 0x80)), { stream: true });
    return 'utf-8';
  } catch {
    const declared = declaredCharset(bytes) ?? (head && declaredCharset(head));
    return declared === undefined || declared === 'utf-8' ? 'gb18030' : declared;
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
export function pieces(bytes: Uint8Array, record: Span, locate: (text: string) => Located | undefined, charset: Charset): Piece[] {
  const decode = (from: number, to: number): string => new TextDecoder(charset).decode(bytes.subarray(from, to));
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
