/** UCUM codes whose code is not what a person writes. */
const DISPLAY: Record<string, string> = {
  'mm[Hg]': 'mmHg',
  Cel: '°C',
  '[degF]': '°F',
  '10*3/uL': '10³/µL',
  '10*6/uL': '10⁶/µL',
  '10*9/L': '10⁹/L',
  '10*12/L': '10¹²/L',
  '{score}': '',
  '1': '',
  '{#}': '',
  '[IU]/L': 'IU/L',
  'm[IU]/L': 'mIU/L',
  'u[IU]/mL': 'µIU/mL',
  '[pH]': '',
  '/min': '/min',
  '{beats}/min': '/min',
};

/** A unit as people write it: annotations dropped, `u` as µ; µg is spelled out, because it is misread as mg. */
export function displayUnit(unit: string): string {
  const known = DISPLAY[unit];
  if (known !== undefined) return known;
  return unit
    .replace(/\{[^}]*\}/g, '')
    .replace(/\bu(?=(L|mol|m)\b)/g, 'µ')
    .replace(/\b(ug|µg|μg|mcg)\b/g, 'microgram')
    .replace(/\b10\*(\d+)/g, (_, power: string) => `10${[...power].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit))).join('')}`)
    .replace(/^\/$/, '');
}
