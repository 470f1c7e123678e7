import type { Chart, LabResult, LabTest, Range } from '../api/types';
import type { Point } from '../parts/Spark';
import { parseMoment, startOf } from '../parts/time';
import { flagOf, worse, type FlagOf } from './flag';

/** Categories of observations in the order in which the grid shows them. */
export const CATEGORIES = ['laboratory', 'vital-signs', 'social-history', 'survey', 'exam', 'imaging', 'procedure', 'therapy', 'activity', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

/** The parts of the chart that show observations, each with time columns of its own. */
export type Part = 'labs' | 'vitals' | 'other';

export function partOf(category: Category): Part {
  if (category === 'laboratory') return 'labs';
  return category === 'vital-signs' ? 'vitals' : 'other';
}

/** LOINC codes of vital signs in the order in which a bedside chart has them; others follow by name. */
const BEDSIDE = [
  '8867-4', '8480-6', '8462-4', '8478-0', '9279-1', '59408-5', '2708-6', '3151-8', '3150-6', '8310-5', '67775-7', '80288-4', '9269-2', '72514-3', '29463-7', '8302-2', '39156-5',
];

/** LOINC codes of the parts of a blood pressure. */
export const SYSTOLIC = '8480-6';
export const DIASTOLIC = '8462-4';
export const MEAN = '8478-0';

function bedsideOrder(test: LabTest): number {
  const at = BEDSIDE.indexOf(test.code.code ?? '');
  return at < 0 ? BEDSIDE.length : at;
}

export const categoryOf = (test: LabTest): Category => CATEGORIES.find((c) => c === test.category) ?? 'other';

/** One test's results, newest first. */
export interface Row {
  test: LabTest;
  results: LabResult[];
  /** The newest stated range: what the head of the row shows. */
  range?: Range;
  unit?: string;
  /** Results with numbers, oldest first, in the unit of the row: what is drawn. */
  course: Point[];
}

export interface Grid {
  groups: { category: Category; rows: Row[] }[];
  /** The moments of the columns as the source writes them, newest first; last the empty one of results without a time. */
  times: string[];
}

const visible = (result: LabResult, errors: boolean): boolean => errors || result.status !== 'entered-in-error';

/** Results newest first with their place on the time axis; those without a time last. */
function newestFirst(results: LabResult[], zone: string): { result: LabResult; at_ms: number }[] {
  const all = results.map((result) => ({ result, at_ms: startOf(result.at ?? '', zone) }));
  const timeless = all.filter(({ at_ms }) => Number.isNaN(at_ms));
  return [...all.filter(({ at_ms }) => !Number.isNaN(at_ms)).toSorted((a, b) => b.at_ms - a.at_ms), ...timeless];
}

function rowOf(test: LabTest, results: LabResult[], zone: string): Row {
  const sorted = newestFirst(results, zone);
  const unit = sorted.find(({ result }) => result.unit)?.result.unit;
  const range = sorted.find(({ result }) => result.range)?.result.range;
  const counts = ({ numeric, status, unit: own = unit }: LabResult) => numeric && status !== 'entered-in-error' && status !== 'cancelled' && own === unit;
  const course = sorted
    .filter(({ result }) => counts(result))
    .map(({ result, at_ms }) => ({ result, at_ms, value: Number(result.value) }))
    .filter(({ at_ms, value }) => !Number.isNaN(at_ms) && Number.isFinite(value))
    .toReversed();
  return { test, results: sorted.map(({ result }) => result), ...(range && { range }), ...(unit !== undefined && { unit }), course };
}

/** The parts that this chart has something for. */
export function partsOf(chart: Chart, errors: boolean): Set<Part> {
  const parts = new Set<Part>();
  for (const result of chart.results) {
    const test = chart.tests[result.test];
    if (test && visible(result, errors)) parts.add(partOf(categoryOf(test)));
  }
  return parts;
}

/** Lays the results of a part out as tests × times. */
export function gridOf(chart: Chart, errors: boolean, part: Part, zone: string): Grid {
  const byTest = new Map<number, LabResult[]>();
  const times = new Map<string, string>();
  for (const result of chart.results) {
    const test = chart.tests[result.test];
    if (!test || !visible(result, errors) || partOf(categoryOf(test)) !== part) continue;
    const column = columnOf(result.at);
    if (!times.has(column)) times.set(column, column === '' ? '' : (result.at ?? ''));
    const list = byTest.get(result.test);
    if (list) list.push(result);
    else byTest.set(result.test, [result]);
  }
  const rows = chart.tests.flatMap((test, n) => {
    const results = byTest.get(n);
    return results ? [rowOf(test, results, zone)] : [];
  });
  const groups = CATEGORIES.flatMap((category) => {
    const own = rows
      .filter((row) => categoryOf(row.test) === category)
      .toSorted((a, b) => bedsideOrder(a.test) - bedsideOrder(b.test) || a.test.code.text.localeCompare(b.test.code.text));
    return own.length > 0 ? [{ category, rows: own }] : [];
  });
  const columns = [...times].map(([column, at]) => ({ at, at_ms: column === '' ? Number.NEGATIVE_INFINITY : startOf(at, zone) }));
  return { groups, times: columns.toSorted((a, b) => b.at_ms - a.at_ms).map(({ at }) => at) };
}

/** A test and a result of it. */
export interface Latest {
  test: LabTest;
  result: LabResult;
}

/** The newest result of each test of a part, newest first. */
function newestOf(chart: Chart, errors: boolean, part: Part, zone: string): Latest[] {
  const wanted = chart.results.filter((result) => {
    const test = chart.tests[result.test];
    return test && partOf(categoryOf(test)) === part && visible(result, errors) && result.status !== 'cancelled';
  });
  const newest = new Map<number, LabResult>();
  for (const { result } of newestFirst(wanted, zone)) if (!newest.has(result.test)) newest.set(result.test, result);
  return [...newest].flatMap(([n, result]) => {
    const test = chart.tests[n];
    return test ? [{ test, result }] : [];
  });
}

/** The newest result of each laboratory test, newest first, and those of one moment by name. */
export function latest(chart: Chart, errors: boolean, zone: string): Latest[] {
  return newestOf(chart, errors, 'labs', zone).toSorted(
    (a, b) => (startOf(b.result.at ?? '', zone) || 0) - (startOf(a.result.at ?? '', zone) || 0) || a.test.code.text.localeCompare(b.test.code.text),
  );
}

/** `isPressure`: the value is both parts of a blood pressure, and `flag` the worse of theirs. */
export type Vital = Latest & { isPressure: boolean; flag?: FlagOf | undefined };


/** The newest vital signs in bedside order; both parts of a blood pressure that were measured together stand together, `118/72`. */
export function latestVitals(chart: Chart, errors: boolean, zone: string): Vital[] {
  const all = newestOf(chart, errors, 'vitals', zone).toSorted((a, b) => bedsideOrder(a.test) - bedsideOrder(b.test) || a.test.code.text.localeCompare(b.test.code.text));
  const upper = all.find(({ test }) => test.code.code === SYSTOLIC);
  const lower = all.find(({ test }) => test.code.code === DIASTOLIC);
  const together = upper?.result.ref === lower?.result.ref && upper?.result.value !== undefined && lower?.result.value !== undefined;
  return all.flatMap((one): Vital[] => {
    if (!together || !upper || !lower || (one !== upper && one !== lower)) return [{ ...one, isPressure: false }];
    if (one === lower) return [];
    const result: LabResult = { ...upper.result, value: `${upper.result.value ?? ''}/${lower.result.value ?? ''}` };
    return [{ test: upper.test, result, isPressure: true, flag: worse(flagOf(upper.result), flagOf(lower.result)) }];
  });
}

/**
 * The column of a time: a minute, because that is what its head shows, or as much of a date as the source wrote. Empty for a time
 * that is not known.
 */
export function columnOf(at: string | undefined): string {
  const moment = at === undefined ? undefined : parseMoment(at);
  if (!at || !moment) return '';
  if (moment.at_ms === undefined) return at;
  return `${moment.offset === undefined ? 'local ' : ''}${Math.floor(moment.at_ms / 60_000)}`;
}

/** A stated range in words: `3.5–5.1`, `< 5.1`, `> 3.5`, or the text of the laboratory. */
export function rangeText(range: Range | undefined): string {
  if (!range) return '';
  if (range.low !== undefined && range.high !== undefined) return `${range.low}–${range.high}`;
  if (range.high !== undefined) return `≤ ${range.high}`;
  if (range.low !== undefined) return `≥ ${range.low}`;
  return range.text ?? '';
}
