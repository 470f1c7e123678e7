import type { LabResult, Range } from '../api/types';
import { flagOf } from '../chart/flag';
import { scaleOf, type Scale } from './scale';
import './spark.css';

export interface Point {
  at_ms: number;
  value: number;
  result: LabResult;
}

export const numberOf = (text: string | undefined): number | undefined => (text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text));

/** A test's course, word-sized: the line, the range behind it, the newest value as a dot. */
export function Spark({ points, range }: { points: Point[]; range: Range | undefined }) {
  const width = 84;
  const height = 20;
  const scale = scaleOf(points, numberOf(range?.low), numberOf(range?.high), { left: 3, right: width - 3, top: 3, bottom: height - 3 });
  const last = points.at(-1);
  return (
    <svg className="spark" width={width} height={height} aria-hidden>
      <Band scale={scale} range={range} />
      <path d={pathOf(points, scale)} />
      {last && <circle data-level={flagOf(last.result)?.level} cx={scale.x(last.at_ms)} cy={scale.y(last.value)} r={2} />}
    </svg>
  );
}

export function pathOf(points: Point[], scale: Scale): string {
  return points.map((point, n) => `${n === 0 ? 'M' : 'L'}${scale.x(point.at_ms).toFixed(1)} ${scale.y(point.value).toFixed(1)}`).join('');
}

export function Band({ scale, range }: { scale: Scale; range: Range | undefined }) {
  const low = numberOf(range?.low);
  const high = numberOf(range?.high);
  if (low === undefined && high === undefined) return null;
  const top = high === undefined ? scale.box.top : scale.y(high);
  const bottom = low === undefined ? scale.box.bottom : scale.y(low);
  return <rect className="band" x={scale.box.left} y={top} width={scale.box.right - scale.box.left} height={Math.max(1, bottom - top)} />;
}
