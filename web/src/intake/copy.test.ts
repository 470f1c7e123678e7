import { describe, expect, it } from 'vitest';
import { bytesOf, copyOf, type Copy } from './copy';

const HL7 = 'application/hl7-v2';
const latin = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (character) => character.codePointAt(0) ?? 0);
const made = (bytes: Uint8Array<ArrayBuffer>, charset = 'utf-8', media = HL7): Copy => copyOf(bytes, charset, media) ?? expect.fail('it is no text');
const edited = (copy: Copy, text: string): string => {
  const done = bytesOf(copy, text);
  return 'lacks' in done ? `lacks ${done.lacks}` : String.fromCodePoint(...done.bytes);
};

describe('an edited copy', () => {
  it('has each segment on a line, and its bytes as they came where nothing was changed', () => {
    for (const text of ['MSH|^~\\&\rPID|1\r', 'MSH|\nPID|1\r\nOBX|\r', 'a', '', '\r\r', 'MSH|\r\n']) {
      const copy = made(latin(text));
      expect(copy.text).toBe(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
      expect(edited(copy, copy.text), JSON.stringify(text)).toBe(text);
    }
  });

  it('keeps the line ends of the lines around a change, and ends new ones as most end', () => {
    const copy = made(latin('MSH|\rPID|1\rOBX|\n'));
    expect(edited(copy, copy.text.replace('PID|1', 'PID|1||7\nPV1|1'))).toBe('MSH|\rPID|1||7\rPV1|1\rOBX|\n');
    expect(edited(copy, 'MSH|\nOBX|\n')).toBe('MSH|\rOBX|\n');
    expect(edited(copy, `${copy.text}NTE|1`)).toBe('MSH|\rPID|1\rOBX|\nNTE|1');
    expect(edited(made(latin('MSH|')), 'MSH|\nPID|')).toBe('MSH|\rPID|');
    expect(edited(made(latin('{}'), 'utf-8', 'application/fhir+json'), '{\n}')).toBe('{\n}');
  });

  it('writes in the character set that the bytes are read in', () => {
    const copy = made(latin('PID|L\xf3pez\rNK1|\xe9\r'), 'windows-1252');
    expect(copy.text).toBe('PID|López\nNK1|é\n');
    expect(edited(copy, 'PID|1|Löpez\nNK1|é\n')).toBe('PID|1|L\xf6pez\rNK1|\xe9\r');
    expect(edited(copy, 'PID|陈\nNK1|é\n')).toBe('lacks 陈');
    const chinese = made(Uint8Array.of(0xb3, 0xc2, 0x0d, 0xce, 0xb0), 'gb18030');
    expect(chinese.text).toBe('陈\n伟');
    const done = bytesOf(chinese, '陈陈\n伟');
    expect('bytes' in done && [...done.bytes]).toEqual([0xb3, 0xc2, 0xb3, 0xc2, 0x0d, 0xce, 0xb0]);
  });

  it('is none of what is no text of that character set', () => {
    expect(copyOf(Uint8Array.of(0xff, 0xfe, 0x41), 'utf-8', HL7)).toBeUndefined();
    const marked = made(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41));
    const done = bytesOf(marked, marked.text.replace('A', 'B'));
    expect('bytes' in done && [...done.bytes]).toEqual([0xef, 0xbb, 0xbf, 0x42]);
  });
});
