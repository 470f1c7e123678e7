import { describe, expect, it } from 'vitest';
import { guessCharset, pieces } from './bytes';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('pieces', () => {
  it('marks the record and in it the element that was used', () => {
    const before = '{"entry":[{"resource":';
    const record = '{"name":"名","valueQuantity":{"value":7.40}}';
    const all = bytes(`${before}${record}}]}`);
    const span = { from: before.length, to: before.length + bytes(record).length };
    expect(pieces(all, span, 'valueQuantity', 'utf-8')).toEqual([
      { text: before },
      { text: '{"name":"名",', mark: 'record' },
      { text: '"valueQuantity":{"value":7.40}', mark: 'field' },
      { text: '}', mark: 'record' },
      { text: '}]}' },
    ]);
    expect(pieces(all, span, 'valueString', 'utf-8').filter((p) => p.mark === 'field')).toEqual([]);
  });

  it('shows the ends of segments and other control characters', () => {
    expect(pieces(bytes('\u000bMSH|1\rPID|2\r\u001c'), { from: 1, to: 7 }, undefined, 'utf-8').map((p) => p.text)).toEqual(['␋', 'MSH|1␍\n', 'PID|2␍\n␜']);
  });
});

it('tells UTF-8 from older encodings, also when a character is cut', () => {
  expect(guessCharset(bytes('陈伟').subarray(1, 5))).toBe('utf-8');
  expect(guessCharset(Uint8Array.of(0xb3, 0xc2, 0xce, 0xb0, 0x7c))).toBe('gb18030');
});
