/** UCUM's bracketed units as a person writes them; of others the brackets go. */
const BRACKETED: Record<string, string> = {
  iU: 'IU',
  pH: '',
  degF: '°F',
  in_i: 'in',
  ft_i: 'ft',
  lb_av: 'lb',
  oz_av: 'oz',
  "arb'U": 'arb. U',
};

/** Words in braces that say no more than that something was counted or scored: the number says it without them. */
const COUNTED = /^(#|counts?|score|nominal|ratio|index|number|beats?|breaths?|cells?|copies|inr|titer|titre|ph|t2dtype|tscore|zscore)$/i;

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (digits: string): string => [...digits].map((digit) => SUPERSCRIPTS.charAt(Number(digit))).join('');

/** `{1.73_m2}` below a fraction line is part of the unit, `{FEU}` behind it says what was measured, `{score}` says nothing. */
function annotation(slash: string, words: string): string {
  if (words === '#' || (slash === '' && COUNTED.test(words))) return slash;
  return `${slash || ' '}${words.replaceAll('_', ' ')}`;
}

/** A unit as people write it. µg is spelled out, because it is misread as mg. */
export function displayUnit(unit: string): string {
  if (unit === '1') return '';
  return unit
    .replace(/(\/?)\{([^}]*)\}/g, (_, slash: string, words: string) => annotation(slash, words))
    .replace(/\[([^\]]+)\]/g, (_, code: string) => BRACKETED[code] ?? code)
    .replace(/\bCel\b/g, '°C')
    .replace(/\bu(?=(L|mol|m|U|IU|Eq|V|s)\b)/g, 'µ')
    .replace(/\b(ug|µg|μg|mcg)\b/g, 'microgram')
    .replace(/\b10[*^](\d+)/g, (_, power: string) => `10${superscript(power)}`)
    .replace(/\bm2\b/g, 'm²')
    .trim()
    .replace(/^\/$/, '');
}
