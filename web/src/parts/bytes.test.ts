import { describe, expect, it } from 'vitest';
import { guessCharset, pieces } from './bytes';
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

  it('shows the ends of segments and other control characters', () => {
    expect(pieces(bytes('\u000bMSH|1\rPID|2\r\u001c'), { from: 1, to: 7 }, () => undefined, 'utf-8').map((p) => p.text)).toEqual(['‹0B›', 'MSH|1↵\n', 'PID|2↵\n‹1C›']);
  });
});

it('tells UTF-8 from older encodings, also when a character is cut', () => {
  expect(guessCharset(bytes('陈伟').subarray(1, 5))).toBe('utf-8');
  expect(guessCharset(Uint8Array.of(0xb3, 0xc2, 0xce, 0xb0, 0x7c))).toBe('gb18030');
});

it.each([
  ['8859/1', 'iso-8859-1'],
  ['8859/15', 'iso-8859-15'],
  ['GB 18030-2000', 'gb18030'],
  ['BIG-5~8859/1', 'big5'],
  ['UNICODE UTF-8', 'gb18030'],
  ['', 'gb18030'],
])('reads a message that says %s and is no UTF-8 as %s', (named, charset) => {
  const message = `MSH|^~\\&|LAB|H|||||ORU^R01|1|P|2.5|||||CHE|${named}\rPID|1||7||M?ller`;
  expect(guessCharset(Uint8Array.from(message, (letter) => (letter === '?' ? 0xfc : letter.charCodeAt(0))))).toBe(charset);
});

it('takes the character set from the head of a message whose later segments are shown', () => {
  const later = Uint8Array.from('OBX|1|ST|1||M?ller', (letter) => (letter === '?' ? 0xfc : letter.charCodeAt(0)));
  expect(guessCharset(later)).toBe('gb18030');
  expect(guessCharset(later, bytes('MSH|^~\\&|LAB|H|||||ORU^R01|1|P|2.5|||||CHE|8859/1\r'))).toBe('iso-8859-1');
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
