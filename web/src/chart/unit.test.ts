import { expect, it } from 'vitest';
import { displayUnit } from './unit';

it.each([
  ['mm[Hg]', 'mmHg'],
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['mg/dL', 'mg/dL'],
  ['ug/L', 'microgram/L'],
  ['umol/L', 'µmol/L'],
  ['10*9/L', '10⁹/L'],
  ['10*3/uL', '10³/µL'],
  ['10^12/L', '10¹²/L'],
  ['u[iU]/mL', 'µIU/mL'],
  ['m[IU]/L', 'mIU/L'],
  ['[pH]', ''],
  ['1', ''],
  ['kg/m2', 'kg/m²'],
  ['/[HPF]', '/HPF'],
  ['{#}/[HPF]', '/HPF'],
  ['{beats}/min', '/min'],
  ['{score}', ''],
  ['{INR}', ''],
  // A filtration rate without its body surface, or a dimer without what it is counted in, is another quantity.
  ['mL/min/{1.73_m2}', 'mL/min/1.73 m²'],
  ['ng/mL{FEU}', 'ng/mL FEU'],
  ['10*5/{cells}', '10⁵/cells'],
  ['%{Hb}', '% Hb'],
])('%s is written %s', (unit, written) => {
  expect(displayUnit(unit)).toBe(written);
});
