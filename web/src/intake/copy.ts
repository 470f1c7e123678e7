/**
 * A letter as text that a person edits, and the bytes that become of it: what was not touched stays byte for byte as it came, whatever
 * its character set and its line ends are. Segments of HL7 v2 end with a carriage return; in the text each is a line.
 */

interface Line {
  text: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** What ends it; nothing for the last one. */
  end: Uint8Array<ArrayBuffer>;
}

export interface Copy {
  /** With `\n` at the end of each line. */
  text: string;
  charset: string;
  lines: Line[];
  /** What ends lines that are new. */
  end: Uint8Array<ArrayBuffer>;
}

/** Letters that are longer are not edited in a browser. */
export const MOST_EDITED_BYTES = 1 << 20;

const [CR, LF] = [13, 10];
const bytesOfText = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Bytes as text to edit; nothing where they are no text of that character set. */
export function copyOf(bytes: Uint8Array<ArrayBuffer>, charset: string, media: string): Copy | undefined {
  // A byte order mark is kept: it is part of the first line.
  const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  const lines: Line[] = [];
  const ends = new Map<string, number>();
  let from = 0;
  try {
    for (let at = 0; at <= bytes.length; at += 1) {
      const byte = bytes[at];
      if (at < bytes.length && byte !== CR && byte !== LF) continue;
      const length = byte === CR && bytes[at + 1] === LF ? 2 : byte === undefined ? 0 : 1;
      const own = bytes.slice(from, at);
      const end = bytes.slice(at, at + length);
      lines.push({ text: decoder.decode(own), bytes: own, end });
      if (length > 0) ends.set(String(end), (ends.get(String(end)) ?? 0) + 1);
      from = at + length;
      at += Math.max(0, length - 1);
    }
  } catch {
    return undefined;
  }
  const [most] = [...ends].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const end = most === undefined ? Uint8Array.of(media.includes('hl7-v2') ? CR : LF) : Uint8Array.from(most.split(',').map(Number));
  return { text: lines.map(({ text }) => text).join('\n'), charset, lines, end };
}

/** Characters beyond ASCII of a character set with one or two bytes each, made once. */
const tables = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();

function tableOf(charset: string): Map<string, Uint8Array<ArrayBuffer>> {
  let table = tables.get(charset);
  if (table) return table;
  table = new Map<string, Uint8Array<ArrayBuffer>>();
  tables.set(charset, table);
  // Its bytes mean something only after others.
  if (charset === 'iso-2022-jp') return table;
  const decoder = new TextDecoder(charset, { fatal: true });
  const put = (...bytes: number[]): boolean => {
    try {
      const text = decoder.decode(Uint8Array.from(bytes));
      if ([...text].length !== 1) return false;
      if (!table.has(text)) table.set(text, Uint8Array.from(bytes));
      return true;
    } catch {
      return false;
    }
  };
  for (let first = 0x80; first <= 0xff; first += 1) if (!put(first)) for (let second = 0x30; second <= 0xfe; second += 1) put(first, second);
  return table;
}

/** The bytes of `text`, or the first character that the character set does not have. */
function encoded(text: string, charset: string): Uint8Array<ArrayBuffer> | { lacks: string } {
  if (charset === 'utf-8') return bytesOfText(text);
  const all: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) all.push(code);
    else {
      const bytes = tableOf(charset).get(character);
      if (!bytes) return { lacks: character };
      all.push(...bytes);
    }
  }
  return Uint8Array.from(all);
}

function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The bytes of an edited copy: lines that stand in it as they did have their bytes; or the character that cannot be written. */
export function bytesOf({ lines, end, charset }: Copy, text: string): { bytes: Uint8Array<ArrayBuffer> } | { lacks: string } {
  const edited = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n');
  let head = 0;
  while (head < lines.length && head < edited.length && lines[head]?.text === edited[head]) head += 1;
  let tail = 0;
  while (tail < lines.length - head && tail < edited.length - head && lines.at(-1 - tail)?.text === edited.at(-1 - tail)) tail += 1;
  // What stands in the middle may be a line that was moved, with characters that cannot be written anew.
  const middle = new Map(lines.slice(head, lines.length - tail).map((line) => [line.text, line]));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const [n, line] of edited.entries()) {
    const was = n < head ? lines[n] : n >= edited.length - tail ? lines[n - edited.length + lines.length] : middle.get(line);
    const bytes = was?.bytes ?? encoded(line, charset);
    if ('lacks' in bytes) return bytes;
    parts.push(bytes);
    const isLast = n === edited.length - 1;
    if (!isLast) parts.push(was && was.end.length > 0 ? was.end : end);
  }
  return { bytes: joined(parts) };
}
