import type { Piece } from '../parts/bytes';

/** A stretch of a message as it is shown: the name of a segment, what separates fields, or what stands in one. */
export interface Stretch {
  text: string;
  kind: 'segment' | 'separator' | 'field' | 'end';
  /** `PID-3`: which field it is of. */
  field?: string;
  mark?: Piece['mark'];
}

/** Cuts the pieces of an HL7 v2 message into segments and fields. Its lines are segments; the first says what separates fields. */
export function stretches(pieces: Piece[]): Stretch[] {
  const whole = pieces.map(({ text }) => text).join('');
  const separator = /(?:^|\n)[^\n]{0,8}?MSH([^A-Za-z0-9\s])/.exec(whole)?.[1] ?? '|';
  const all: Stretch[] = [];
  let [name, field, isStart] = ['', 0, true];
  for (const { text, mark } of pieces) {
    const put = (part: Omit<Stretch, 'mark'>) => all.push({ ...part, ...(mark && { mark }) });
    for (const part of text.split(new RegExp(`(\\n|\\${separator})`))) {
      if (part === '') continue;
      if (part === '\n') {
        put({ text: part, kind: 'end' });
        isStart = true;
      } else if (part === separator) {
        if (!isStart) field += 1;
        put({ text: part, kind: 'separator' });
      } else if (isStart) {
        // MSH-1 is the separator, so what follows it is MSH-2.
        [name, field, isStart] = [part.slice(-3), part.endsWith('MSH') ? 1 : 0, false];
        put({ text: part, kind: 'segment' });
      } else put({ text: part, kind: 'field', field: `${name}-${field}` });
    }
  }
  return all;
}
