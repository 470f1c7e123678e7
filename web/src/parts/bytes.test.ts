import { describe, expect, it } from 'vitest';
import { charsets, pieces, readingOf } from './bytes';
import { locateInMessage } from './hl7Text';
import { spanOf } from './jsonText';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('pieces', () => {
  it('marks the record and in it the element that was used', () => {
    const before = '{"entry":[{"resource":';
    const record = '{"name":"名","valueQuantity":{"value":7.40}}';
    const all = bytes(`${before}${record}}]}`);
    const span = { from: before.length, to: before.length + bytes(record).length };
    expect(pieces(all, span, (text) => ({ field: spanOf(text, 'valueQuantity') }), 'utf-8')).toEqual([
      { text: before },
      { text: '{"name":"名",', mark: 'record' },
      { text: '"valueQuantity":{"value":7.40}', mark: 'field' },
      { text: '}', mark: 'record' },
      { text: '}]}' },
    ]);
    expect(pieces(all, span, (text) => ({ field: spanOf(text, 'valueString') }), 'utf-8').filter((p) => p.mark === 'field')).toEqual([]);
  });

  it('shows nothing of a character that is cut at the end of what was fetched', () => {
    const gb = Uint8Array.of(0x31, 0x0a, 0xd1, 0xaa, 0xba);
    expect(pieces(gb, { from: 0, to: 2 }, () => undefined, 'gb18030').map((p) => p.text)).toEqual(['1\n', '血']);
  });

  it('shows the ends of segments and other control characters', () => {
    expect(pieces(bytes('\u000bMSH|1\rPID|2\r\u001c'), { from: 1, to: 7 }, () => undefined, 'utf-8').map((p) => p.text)).toEqual(['‹0B›', 'MSH|1↵\n', 'PID|2↵\n‹1C›']);
  });
});

const latin = (text: string) => Uint8Array.from(text, (letter) => (letter === '?' ? 0xfc : letter.charCodeAt(0)));

it('tells UTF-8 from older encodings, also when a character is cut, and says what it only guessed', () => {
  expect(readingOf(bytes('陈伟').subarray(1, 5))).toEqual({ charset: 'utf-8', guessed: false });
  expect(readingOf(Uint8Array.of(0xb3, 0xc2, 0xce, 0xb0, 0x7c))).toEqual({ charset: 'gb18030', guessed: true });
  expect(readingOf(latin('17;M?ller;J?rgen;L?beck'))).toEqual({ charset: 'windows-1252', guessed: true });
});

it('reads the files of a table as its mapping says, whatever they look like', () => {
  expect(readingOf(latin('17;M?ller'), { encoding: 'windows-1252' })).toEqual({ charset: 'windows-1252', guessed: false });
  expect(readingOf(bytes('17;Müller'), { encoding: 'windows-1252' })).toEqual({ charset: 'utf-8', guessed: false });
  expect(readingOf(bytes('17;Muller'), { encoding: 'Shift_JIS' })).toEqual({ charset: 'shift_jis', guessed: false });
  expect(readingOf(bytes('17;Muller'), { encoding: null })).toEqual({ charset: 'utf-8', guessed: false });
  expect(readingOf(latin('17;M?ller'), { encoding: 'nothing-known' })).toEqual({ charset: 'windows-1252', guessed: true });
  // One that is not offered can be shown all the same.
  expect(charsets('koi8-r')[0]).toBe('koi8-r');
  expect(charsets('gb18030')).toEqual(charsets('utf-8'));
});

it.each([
  ['8859/1', 'windows-1252', false],
  ['8859/15', 'iso-8859-15', false],
  ['GB 18030-2000', 'gb18030', false],
  ['BIG-5~8859/1', 'big5', false],
  ['UNICODE UTF-8', 'windows-1252', true],
  ['', 'windows-1252', true],
])('reads a message that says %s and is no UTF-8 as %s', (named, charset, guessed) => {
  expect(readingOf(latin(`MSH|^~\\&|LAB|H|||||ORU^R01|1|P|2.5|||||CHE|${named}\rPID|1||7||M?ller`))).toEqual({ charset, guessed });
});

it('takes the character set from the head of a message whose later segments are shown, or from what is agreed with its sender', () => {
  const later = latin('OBX|1|ST|1||M?ller');
  expect(readingOf(later, { head: bytes('MSH|^~\\&|LAB|H|||||ORU^R01|1|P|2.5|||||CHE|8859/2\r') })).toEqual({ charset: 'iso-8859-2', guessed: false });
  expect(readingOf(later, { charset: '8859/15' })).toEqual({ charset: 'iso-8859-15', guessed: false });
  expect(readingOf(later, { charset: 'UNICODE UTF-8' })).toEqual({ charset: 'windows-1252', guessed: true });
});

describe('locateInMessage', () => {
  const message = 'MSH|^~\\&|LAB|H\rPID|1||77^^^H^MR||Chen^Wei\rOBR|1||F9\rOBX|1|NM|2823-3^Potassium^LN||4.41|mmol/L|3.5-5.1|N\rOBX|2|NM|718-7^Hemoglobin^LN||12.5|g/dL|13-18|L\r';
  const cut = (type: string, json: string) => {
    const located = locateInMessage(message, type, json);
    const text = (span: { from: number; to: number } | undefined) => span && message.slice(span.from, span.to);
    return [text(located?.within)?.slice(0, 5), text(located?.field)];
  };

  it('finds the segment that a record was made of, and the value in it', () => {
    expect(cut('Observation', '{"code":{"coding":[{"code":"718-7"}]},"valueQuantity":{"value":12.5,"unit":"g/dL"}}')).toEqual(['OBX|2', '12.5']);
    expect(cut('Observation', '{"code":{"coding":[{"code":"2823-3"}]},"valueQuantity":{"value":4.41}}')).toEqual(['OBX|1', '4.41']);
    expect(cut('Patient', '{"identifier":[{"value":"77"}]}')).toEqual(['PID|1', undefined]);
  });

  it('finds the value in the segments alone, without the header of the message', () => {
    const segments = 'OBX|2|NM|718-7^Hemoglobin^LN||12.5|g/dL|13-18|L\rNTE|1||repeated';
    const located = locateInMessage(segments, 'Observation', '{"code":{"coding":[{"code":"718-7"}]},"valueQuantity":{"value":12.5}}');
    expect(segments.slice(located?.field?.from, located?.field?.to)).toBe('12.5');
    expect(segments.slice(located?.within?.from, located?.within?.to)).toBe(segments.slice(0, segments.indexOf('\r')));
  });

  it('marks nothing where nothing speaks for it', () => {
    expect(cut('Patient', '{"identifier":[{"value":"78"}]}')).toEqual([undefined, undefined]);
    expect(cut('Claim', '{"id":"77"}')).toEqual([undefined, undefined]);
    expect(locateInMessage('{"a":1}', 'Patient', '{}')).toBeUndefined();
  });
});
