import type { Chart, LabResult, LabTest, Range } from '../api/types';
import { startOf } from '../parts/time';

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
  course: { at_ms: number; value: number; result: LabResult }[];
}

export interface Grid {
  groups: { category: Category; rows: Row[] }[];
  /** The moments of the columns as the source writes them, newest first. */
  times: string[];
  /** Results without a time; they have no column. */
  timeless: LabResult[];
}

const visible = (result: LabResult, errors: boolean): boolean => errors || result.status !== 'entered-in-error';

function rowOf(test: LabTest, results: LabResult[]): Row {
  const sorted = results.toSorted((a, b) => startOf(b.at ?? '') - startOf(a.at ?? ''));
  const unit = sorted.find((r) => r.unit)?.unit;
  const range = sorted.find((r) => r.range)?.range;
  const course = sorted
    .filter((r) => r.numeric && r.value !== undefined && r.at !== undefined && r.status !== 'entered-in-error' && r.status !== 'cancelled' && (r.unit ?? unit) === unit)
    .map((result) => ({ at_ms: startOf(result.at ?? ''), value: Number(result.value), result }))
    .filter((point) => !Number.isNaN(point.at_ms) && Number.isFinite(point.value))
    .toReversed();
  return { test, results: sorted, ...(range && { range }), ...(unit !== undefined && { unit }), course };
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
export function gridOf(chart: Chart, errors: boolean, part: Part): Grid {
  const byTest = new Map<number, LabResult[]>();
  const times = new Map<number, string>();
  const timeless: LabResult[] = [];
  for (const result of chart.results) {
    const test = chart.tests[result.test];
    if (!test || !visible(result, errors) || partOf(categoryOf(test)) !== part) continue;
    const at_ms = startOf(result.at ?? '');
    if (result.at === undefined || Number.isNaN(at_ms)) timeless.push(result);
    else if (!times.has(at_ms)) times.set(at_ms, result.at);
    const list = byTest.get(result.test);
    if (list) list.push(result);
    else byTest.set(result.test, [result]);
  }
  const rows = chart.tests.flatMap((test, n) => {
    const results = byTest.get(n);
    return results ? [rowOf(test, results)] : [];
  });
  const groups = CATEGORIES.flatMap((category) => {
    const own = rows
      .filter((row) => categoryOf(row.test) === category)
      .toSorted((a, b) => bedsideOrder(a.test) - bedsideOrder(b.test) || a.test.code.text.localeCompare(b.test.code.text));
    return own.length > 0 ? [{ category, rows: own }] : [];
  });
  return { groups, times: [...times.entries()].toSorted((a, b) => b[0] - a[0]).map(([, at]) => at), timeless };
}

/** A test and a result of it. */
export interface Latest {
  test: LabTest;
  result: LabResult;
}

/** The newest result of each test of a part. */
function newestOf(chart: Chart, errors: boolean, part: Part): Latest[] {
  const newest = new Map<number, LabResult>();
  for (const result of chart.results) {
    if (!visible(result, errors) || result.status === 'cancelled') continue;
    const before = newest.get(result.test);
    if (!before || (startOf(result.at ?? '') || 0) > (startOf(before.at ?? '') || 0)) newest.set(result.test, result);
  }
  return [...newest].flatMap(([n, result]) => {
    const test = chart.tests[n];
    return test && partOf(categoryOf(test)) === part ? [{ test, result }] : [];
  });
}

/** The newest result of each laboratory test, newest first. */
export function latest(chart: Chart, errors: boolean): Latest[] {
  return newestOf(chart, errors, 'labs').toSorted(
    (a, b) => (startOf(b.result.at ?? '') || 0) - (startOf(a.result.at ?? '') || 0) || a.test.code.text.localeCompare(b.test.code.text),
  );
}

/** `isPressure`: the value is both parts of a blood pressure. */
export type Vital = Latest & { isPressure: boolean };

const SYSTOLIC = '8480-6';
const DIASTOLIC = '8462-4';

/** The newest vital signs in bedside order; both parts of a blood pressure that were measured together stand together, `118/72`. */
export function latestVitals(chart: Chart, errors: boolean): Vital[] {
  const all = newestOf(chart, errors, 'vitals').toSorted((a, b) => bedsideOrder(a.test) - bedsideOrder(b.test) || a.test.code.text.localeCompare(b.test.code.text));
  const upper = all.find(({ test }) => test.code.code === SYSTOLIC);
  const lower = all.find(({ test }) => test.code.code === DIASTOLIC);
  const together = upper?.result.ref === lower?.result.ref && upper?.result.value !== undefined && lower?.result.value !== undefined;
  return all.flatMap((one): Vital[] => {
    if (!together || !upper || !lower || (one !== upper && one !== lower)) return [{ ...one, isPressure: false }];
    if (one === lower) return [];
    const flag = upper.result.flag ?? lower.result.flag;
    const result: LabResult = { ...upper.result, value: `${upper.result.value ?? ''}/${lower.result.value ?? ''}`, ...(flag !== undefined && { flag }) };
    return [{ test: upper.test, result, isPressure: true }];
  });
}

/** Where a time stands in the columns. */
export const columnOf = (at: string | undefined): number => startOf(at ?? '');

/** A stated range in words: `3.5–5.1`, `< 5.1`, `> 3.5`, or the text of the laboratory. */
export function rangeText(range: Range | undefined): string {
  if (!range) return '';
  if (range.low !== undefined && range.high !== undefined) return `${range.low}–${range.high}`;
  if (range.high !== undefined) return `≤ ${range.high}`;
  if (range.low !== undefined) return `≥ ${range.low}`;
  return range.text ?? '';
}
