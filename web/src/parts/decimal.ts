/** Digits behind the point that columns are aligned for; longer fractions stand out instead of moving all others. */
const MOST_PLACES = 3;

/** Characters of `text` from the decimal point on; 0 for a whole number. */
export function fractionWidth(text: string): number {
  const at = text.indexOf('.');
  return at < 0 ? 0 : text.length - at;
}

/** The widest fraction that the numbers of a column are padded to. */
export function widestFraction(texts: Iterable<string>): number {
  let widest = 0;
  for (const text of texts) widest = Math.max(widest, Math.min(MOST_PLACES + 1, fractionWidth(text)));
  return widest;
}

/** What a number lacks to the width of the column's fractions: drawn, but not seen or copied. */
export function fractionPad(text: string, widest: number): string {
  const own = fractionWidth(text);
  if (own >= widest) return '';
  return own === 0 ? `.${'0'.repeat(widest - 1)}` : '0'.repeat(widest - own);
}
