import { describe, expect, it } from 'vitest';
import { messagePlace, placeIn, placeInMessage } from './place';

const MESSAGE = 'MSH|^~\\&|LAB|NORTH|MW||20261127||ORU^R01|M1|P|2.5.1\rPID|1||||Lopez^Ines||1990\rOBX|1|NM|K^Potassium^LN||4.4\rOBX|2|NM|NA||151~152^a&b';
const marked = (place: string, text = MESSAGE): [string | undefined, string | undefined] => {
  const { within, field } = placeInMessage(text, place) ?? {};
  return [within && text.slice(within.from, within.to), field && text.slice(field.from, field.to)];
};

describe('a place of a message', () => {
  it('is read as the server writes it', () => {
    expect(messagePlace('OBX[3]-5[2].1.2')).toEqual({ segment: 'OBX', occurrence: 3, field: 5, repeat: 2, component: 1, sub: 2 });
    expect(messagePlace('PID-3')).toMatchObject({ segment: 'PID', occurrence: 1, field: 3, component: 0 });
    for (const none of ['', 'line 3', 'Bundle.entry[0]', 'PID-', 'MSH-18 and']) expect(messagePlace(none), none).toBeUndefined();
  });

  it('is found by segment, field, repetition and component', () => {
    expect(marked('PID-5')).toEqual(['PID|1||||Lopez^Ines||1990', 'Lopez^Ines']);
    expect(marked('PID-5.2')[1]).toBe('Ines');
    expect(marked('OBX[2]-5')[1]).toBe('151');
    expect(marked('OBX[2]-5[2]')[1]).toBe('152^a&b');
    expect(marked('OBX[2]-5[2].2.2')[1]).toBe('b');
    expect(marked('MSH-9')[1]).toBe('ORU^R01');
    expect(marked('MSH-1')[1]).toBe('|');
    expect(marked('MSH-2')[1]).toBe('^~\\&');
  });

  it('is seen where it is empty, and is its segment where that is too short', () => {
    expect(marked('PID-3')).toEqual(['PID|1||||Lopez^Ines||1990', '||']);
    expect(marked('PID-30')).toEqual(['PID|1||||Lopez^Ines||1990', undefined]);
    expect(marked('OBX')).toEqual(['OBX|1|NM|K^Potassium^LN||4.4', undefined]);
  });

  it('is nowhere where the segment is missing', () => {
    expect(placeInMessage(MESSAGE, 'PV1')).toEqual({});
    expect(placeInMessage(MESSAGE, 'OBX[3]-5')).toEqual({});
  });

  it('is found with other separators and line ends', () => {
    expect(marked('PID-3.2', 'MSH#!~\\&#A\nPID#1##77!X\n')[1]).toBe('X');
  });
});

describe('a place of a resource', () => {
  const json = 'application/fhir+ndjson';
  const slice = (text: string, place: string, what: string): string | undefined => {
    const { field } = placeIn(text, { place, what, media: json }) ?? {};
    return field && text.slice(field.from, field.to);
  };
  it('is its element, or what of the way to it is there', () => {
    const text = '{"resourceType":"Bundle","entry":[{"resource":{"gender":"x"}}]}';
    expect(slice(text, 'Bundle.entry[0].resource.gender', '`x` is not in the value set')).toBe('"gender":"x"');
    expect(slice(text, 'line 4, Bundle.entry[0].resource.gender', 'wrong')).toBe('"gender":"x"');
    expect(slice(text, 'Bundle.entry[0].resource.name', '`name` is missing')).toBe('"resource":{"gender":"x"}');
    expect(slice(text, 'Bundle.type', '`type` is missing')).toBeUndefined();
  });
  it('is a character where it is counted', () => {
    expect(slice('{"a":1,}', 'line 3', 'not JSON: a key is expected at column 8')).toBe('}');
    expect(slice('{"a":', '', 'not JSON: text ends too early at column 46')).toBe(':');
    expect(slice('{\n "a" 1}', '', 'not JSON: expected : at line 2, column 6')).toBe('1');
  });
  it('is none in what is no text of a known kind', () => {
    expect(placeIn('PK', { place: '', what: 'not recognised', media: 'application/octet-stream' })).toBeUndefined();
  });
});
