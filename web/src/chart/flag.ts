import type { LabResult, Range } from '../api/types';

/** How far from normal: what decides how loud a value is drawn. */
export type Level = 'normal' | 'abnormal' | 'critical';

export interface FlagOf {
  /** Interpretation code, `H`, `LL`, `A`. */
  code: string;
  /** What is printed beside the value, `H ↑`. Empty for normal. */
  mark: string;
  level: Level;
  /** The laboratory did not say so: it follows from the stated range. */
  computed: boolean;
}

/** HL7 v2 table 0078 and v3 ObservationInterpretation: the codes that say how far from normal a value is. */
const CODES: Record<string, { mark: string; level: Level }> = {
  H: { mark: 'H ↑', level: 'abnormal' },
  HU: { mark: 'H ↑', level: 'abnormal' },
  '>': { mark: 'H ↑', level: 'abnormal' },
  L: { mark: 'L ↓', level: 'abnormal' },
  LU: { mark: 'L ↓', level: 'abnormal' },
  '<': { mark: 'L ↓', level: 'abnormal' },
  HH: { mark: 'HH ⇈', level: 'critical' },
  LL: { mark: 'LL ⇊', level: 'critical' },
  A: { mark: 'A !', level: 'abnormal' },
  AA: { mark: 'AA !!', level: 'critical' },
  HX: { mark: 'H ↑', level: 'abnormal' },
  LX: { mark: 'L ↓', level: 'abnormal' },
  'H>': { mark: 'H ↑', level: 'abnormal' },
  'L<': { mark: 'L ↓', level: 'abnormal' },
  // Laboratories that send the arrow itself.
  '↑': { mark: 'H ↑', level: 'abnormal' },
  '↓': { mark: 'L ↓', level: 'abnormal' },
  '↑↑': { mark: 'HH ⇈', level: 'critical' },
  '↓↓': { mark: 'LL ⇊', level: 'critical' },
  POS: { mark: 'POS', level: 'abnormal' },
  DET: { mark: 'POS', level: 'abnormal' },
  R: { mark: 'R', level: 'abnormal' },
  N: { mark: '', level: 'normal' },
  NEG: { mark: '', level: 'normal' },
  ND: { mark: '', level: 'normal' },
};

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined;
}

/** Whether a number lies outside a range, as far as its comparator lets one say. */
export function outside(value: string | undefined, comparator: string | undefined, range: Range | undefined): 'H' | 'L' | undefined {
  const number = numberOf(value);
  if (number === undefined || !range) return undefined;
  const low = numberOf(range.low);
  const high = numberOf(range.high);
  // `< 5` is certainly low when the low limit is 5 or more; it never is certainly high.
  const atMost = comparator === '<' || comparator === '<=';
  const atLeast = comparator === '>' || comparator === '>=';
  if (high !== undefined && !atMost && (number > high || (comparator === '>' && number === high))) return 'H';
  if (low !== undefined && !atLeast && (number < low || (comparator === '<' && number === low))) return 'L';
  return undefined;
}

const LEVELS: Level[] = ['normal', 'abnormal', 'critical'];

/** The flag that is further from normal, of two values that are written as one; both where they are as far and not the same. */
export function worse(one: FlagOf | undefined, other: FlagOf | undefined): FlagOf | undefined {
  if (!one || !other) return one ?? other;
  if (one.level === other.level && one.mark && other.mark && one.mark !== other.mark) {
    const computed = one.computed || other.computed;
    return { code: `${one.code}/${other.code}`, mark: `${one.mark} / ${other.mark}`, level: one.level, computed };
  }
  return LEVELS.indexOf(other.level) > LEVELS.indexOf(one.level) ? other : one;
}

/** The flag of a result: what the source said, else what its stated range says. Without either there is none. */
export function flagOf(result: LabResult): FlagOf | undefined {
  const given = result.flag?.toUpperCase();
  if (given) {
    const known = CODES[given];
    return known ? { code: given, ...known, computed: false } : { code: given, mark: given, level: 'normal', computed: false };
  }
  if (!result.numeric) return undefined;
  const code = outside(result.value, result.comparator, result.range);
  const known = code && CODES[code];
  return known ? { code, ...known, computed: true } : undefined;
}
