import type { Located } from './hl7Text';
import type { Span } from './jsonText';

/** Character sets that a person can have bytes read in. */
export const CHARSETS = ['utf-8', 'gb18030', 'iso-8859-1'] as const;
export type Charset = (typeof CHARSETS)[number];

/** A stretch of received bytes as text, and what of it is marked. */
export interface Piece {
  text: string;
  mark?: 'record' | 'field';
}

/** UTF-8 where the bytes are that; else the encoding of most hospital systems that write another. */
export function guessCharset(bytes: Uint8Array): Charset {
  try {
    // A range may begin or end inside a character: its first and last bytes say nothing.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(bytes.findIndex((b) => (b & 0xc0) !== 0x80)), { stream: true });
    return 'utf-8';
  } catch {
    return 'gb18030';
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
