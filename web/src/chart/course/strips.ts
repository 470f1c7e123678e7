import type { LabTest, LabResult, Range } from '../../api/types';
import type { Point } from '../../parts/Spark';
import { startOf } from '../../parts/time';
import { DIASTOLIC, MEAN, SYSTOLIC, type Row } from '../labs';

/** One line of a strip. */
export interface Series {
  test: LabTest;
  range?: Range;
  /** What counts, oldest first. */
  points: Point[];
}

/** A moment of a strip at which one can stop: its value, or the parts of a blood pressure. */
export interface Stop {
  at_ms: number;
  points: Point[];
  /** Entered in error: shown, and joined to nothing. */
  wrong: boolean;
}

/** A vital sign over time. Of a blood pressure the parts stand together. */
export interface Strip {
  key: string;
  isPressure: boolean;
  unit: string;
  series: Series[];
  /** Oldest first. */
  stops: Stop[];
  /** Results that cannot be drawn: in another unit, in words, or without a time. They stand in the table. */
  apart: number;
}

const ERROR = 'entered-in-error';

/** Results of a row with a number in its unit that were entered in error. */
function struckOf(row: Row, zone: string): Point[] {
  return row.results.flatMap((result) => {
    const at_ms = startOf(result.at ?? '', zone);
    const value = Number(result.value);
    const drawn = result.status === ERROR && result.numeric && result.value !== undefined && (result.unit ?? row.unit) === row.unit && Number.isFinite(value) && !Number.isNaN(at_ms);
    return drawn ? [{ at_ms, value, result }] : [];
  });
}

const seriesOf = ({ test, range, course }: Row): Series => ({ test, points: course, ...(range && { range }) });

/** Parts that were measured together: of one observation, or at one moment. */
function stopsOf(parts: Point[][], wrong: boolean): Stop[] {
  const stops: Stop[] = [];
  const byRef = new Map<string, Stop>();
  const byTime = new Map<number, Stop>();
  parts.forEach((points, part) => {
    for (const point of points) {
      const free = (stop: Stop | undefined) => (stop && stop.at_ms === point.at_ms && !stop.points.some((other) => other.result.test === point.result.test) ? stop : undefined);
      const found = part === 0 ? undefined : (free(byRef.get(point.result.ref)) ?? free(byTime.get(point.at_ms)));
      if (found) {
        found.points.push(point);
        continue;
      }
      const stop: Stop = { at_ms: point.at_ms, points: [point], wrong };
      stops.push(stop);
      byRef.set(point.result.ref, stop);
      byTime.set(point.at_ms, stop);
    }
  });
  return stops;
}

function stripOf(rows: Row[], zone: string): Strip {
  const [first] = rows;
  const struck = rows.map((row) => struckOf(row, zone));
  const stops = [...stopsOf(rows.map((row) => row.course), false), ...stopsOf(struck, true)].toSorted((a, b) => a.at_ms - b.at_ms);
  const drawn = stops.reduce((sum, stop) => sum + stop.points.length, 0);
  const counted = rows.reduce((sum, row) => sum + row.results.filter(hasValue).length, 0);
  return { key: first?.test.key ?? '', isPressure: rows.length > 1, unit: first?.unit ?? '', series: rows.map(seriesOf), stops, apart: counted - drawn };
}

const hasValue = ({ value, status }: LabResult): boolean => value !== undefined && status !== 'cancelled';

/** The strips of a grid of vital signs, in its order; what has nothing to draw is left to the table. */
export function stripsOf(rows: readonly Row[], zone: string): Strip[] {
  const codeOf = (row: Row) => row.test.code.code ?? '';
  const upper = rows.find((row) => codeOf(row) === SYSTOLIC);
  const lower = rows.find((row) => codeOf(row) === DIASTOLIC && row.unit === upper?.unit);
  const mean = rows.find((row) => codeOf(row) === MEAN && row.unit === upper?.unit);
  return rows
    .flatMap((row) => {
      if (!upper || !lower || ![upper, lower, mean].includes(row)) return [stripOf([row], zone)];
      return row === upper ? [stripOf(mean ? [upper, lower, mean] : [upper, lower], zone)] : [];
    })
    .filter((strip) => strip.stops.length > 0);
}

/** The stop nearest to a moment; `undefined` if there is none within `most_ms`. */
export function nearest(stops: readonly Stop[], at_ms: number, most_ms = Number.POSITIVE_INFINITY): number | undefined {
  let best: number | undefined;
  stops.forEach((stop, n) => {
    const far = Math.abs(stop.at_ms - at_ms);
    if (far <= most_ms && (best === undefined || far < Math.abs((stops[best]?.at_ms ?? 0) - at_ms))) best = n;
  });
  return best;
}
