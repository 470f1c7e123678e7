import { describe, expect, it } from 'vitest';
import { elementAt, jsonLines, parseDigits } from './jsonLines';

const TEXT = '{"resourceType":"Observation","component":[{"valueQuantity":{"value":7.5,"unit":"mmol/L"}},{"valueString":"x"}],"extension":[{"url":"http://a.b/c"}]}';

describe('a resource line by line', () => {
  const lines = jsonLines(parseDigits(TEXT));

  // Node 20 gives no source of a number, browsers do: the page's own test looks at the digits.
  it('is JSON again when put together', () => {
    expect(lines.find((line) => line.path === 'component[0].valueQuantity.value')?.text).toBe('"value": 7.5,');
    expect(JSON.parse(lines.map((line) => line.text).join('\n'))).toEqual(JSON.parse(TEXT));
  });

  it('knows the path of each line', () => {
    expect(lines.map((line) => line.path).filter(Boolean)).toEqual([
      'resourceType', 'component', 'component[0]', 'component[0].valueQuantity', 'component[0].valueQuantity.value', 'component[0].valueQuantity.unit',
      'component[1]', 'component[1].valueString', 'extension', 'extension[0]', 'extension[0].url',
    ]);
    expect(lines.at(-1)?.depth).toBe(0);
  });
});

describe('the element that made a line', () => {
  const of = (...paths: string[]) => paths.map((element) => ({ element }));

  it('is the one that says the most of it', () => {
    const elements = of('subject', 'subject.display', 'code.coding[0].code', 'component[].valueQuantity', 'name[1].use', 'name');
    const at = (path: string) => elementAt(elements, path)?.element;
    expect(at('subject.reference')).toBe('subject');
    expect(at('subject.display')).toBe('subject.display');
    expect(at('component[3].valueQuantity.unit')).toBe('component[].valueQuantity');
    expect(at('name[1].use')).toBe('name[1].use');
    expect(at('name[0].use')).toBe('name');
    expect(at('code')).toBeUndefined();
    expect(at('code.coding[1].code')).toBeUndefined();
    expect(at('status')).toBeUndefined();
    expect(elementAt(of('value', 'code'), 'valueQuantity.unit')?.element).toBe('value');
    expect(elementAt(of('value'), 'valued')).toBeUndefined();
  });

  it('may have an address in brackets', () => {
    expect(elementAt(of('extension[http://a.b/c.d].valueString'), 'extension[0].valueString')?.element).toBe('extension[http://a.b/c.d].valueString');
  });
});
