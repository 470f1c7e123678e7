import { describe, expect, it } from 'vitest';
import { diff } from './diff';
import { layOut, spanOf } from './jsonText';

const OBSERVATION = '{"resourceType":"Observation", "code":{"text":"a \\"valueQuantity\\" b"},"component":[{"valueString":"x"},{"valueQuantity" : {"value":7.40}}],"valueQuantity":{"value":120.0,"unit":"mm[Hg]"}}';
const cut = (path: string) => {
  const span = spanOf(OBSERVATION, path);
  return span && OBSERVATION.slice(span.from, span.to);
};

describe('spanOf', () => {
  it('finds a member with its name, at the top and in arrays', () => {
    expect(cut('valueQuantity')).toBe('"valueQuantity":{"value":120.0,"unit":"mm[Hg]"}');
    expect(cut('component[1].valueQuantity')).toBe('"valueQuantity" : {"value":7.40}');
    expect(cut('component[0]')).toBe('{"valueString":"x"}');
    expect(cut('valueQuantity.value')).toBe('"value":120.0');
  });

  it('finds nothing where nothing is, and ends on broken text', () => {
    expect(cut('valueString')).toBeUndefined();
    expect(cut('component[7].valueQuantity')).toBeUndefined();
    for (let end = 0; end < OBSERVATION.length; end += 1) spanOf(OBSERVATION.slice(0, end), 'valueQuantity.value');
    expect(spanOf('MSH|^~\\&|', 'valueQuantity')).toBeUndefined();
    expect(spanOf('{]]]', 'a')).toBeUndefined();
  });
});

describe('layOut', () => {
  it('keeps every digit and string', () => {
    expect(layOut('{"a":7.40,"b":[],"c":[1,{"d":"x, {y}"}],"e":{}}')).toBe(
      '{\n  "a": 7.40,\n  "b": [],\n  "c": [\n    1,\n    {\n      "d": "x, {y}"\n    }\n  ],\n  "e": {}\n}',
    );
    expect(JSON.parse(layOut(OBSERVATION))).toEqual(JSON.parse(OBSERVATION));
  });
});

describe('diff', () => {
  it('names what went and what came', () => {
    expect(diff('a\nb\nc', 'a\nx\nc\nd')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'gone', text: 'b' },
      { kind: 'new', text: 'x' },
      { kind: 'same', text: 'c' },
      { kind: 'new', text: 'd' },
    ]);
  });

  it('gives up on texts that are too long', () => {
    expect(diff('a\n'.repeat(4_000), 'b')).toBeUndefined();
  });
});
