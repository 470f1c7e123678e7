/** A line never joins over more than so many usual intervals. */
const MOST_INTERVALS = 2;

/**
 * How far apart the values of a course usually are: the median distance of neighbouring moments. `undefined` for fewer than three
 * moments, of which nothing is usual.
 */
export function usualInterval(points: readonly { at_ms: number }[]): number | undefined {
  const distances: number[] = [];
  for (let n = 1; n < points.length; n += 1) {
    const distance = (points[n]?.at_ms ?? 0) - (points[n - 1]?.at_ms ?? 0);
    if (distance > 0) distances.push(distance);
  }
  if (distances.length < 2) return undefined;
  const sorted = distances.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** A course, oldest first, in the stretches that a line may join: gaps stay gaps. */
export function segments<P extends { at_ms: number }>(points: readonly P[]): P[][] {
  const usual = usualInterval(points);
  const all: P[][] = [];
  for (const point of points) {
    const last = all.at(-1);
    const before = last?.at(-1);
    if (last && before && usual !== undefined && point.at_ms - before.at_ms <= MOST_INTERVALS * usual) last.push(point);
    else all.push([point]);
  }
  return all;
}
