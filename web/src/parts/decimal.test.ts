import { expect, it } from 'vitest';
import { fractionPad, widestFraction } from './decimal';

it('pads the numbers of a column so that their points stand under each other', () => {
  const column = ['7', '7.4', '7.40', '103'];
  const widest = widestFraction(column);
  expect(column.map((text) => `${text}${fractionPad(text, widest)}`)).toEqual(['7.00', '7.40', '7.40', '103.00']);
  expect(widestFraction(['12', '5'])).toBe(0);
  expect(widestFraction(['0.96355', '1.2']), 'one long fraction moves no other').toBe(4);
  expect(fractionPad('0.96355', 4)).toBe('');
});
