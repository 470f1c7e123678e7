import { useEffect, useId, useRef, useState } from 'react';
import type { Range } from '../api/types';
import { useLanguage, useT } from '../i18n';
import { useZone } from '../live/session';
import { When } from './When';
import { Band, numberOf, pathOf, type Point } from './Spark';
import { formatMoment } from './time';
import { scaleOf, timeTicks, valueTicks } from './scale';
import './trend.css';

interface TrendProps {
  title: string;
  unit: string;
  range: Range | undefined;
  points: Point[];
  onPoint: (point: Point) => void;
  onClose: () => void;
}

/** A test's course with axes; each point opens where it came from. The same data as a table by one button. */
export function Trend({ title, unit, range, points, onPoint, onClose }: TrendProps) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const heading = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  const [asTable, setAsTable] = useState(false);
  const [near, setNear] = useState<number>();
  useEffect(() => {
    if (!frame.current) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(260, entry.contentRect.width)));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  const height = 180;
  const scale = scaleOf(points, numberOf(range?.low), numberOf(range?.high), { left: 52, right: width - 16, top: 14, bottom: height - 24 });
  // Days alone would be the same word again and again.
  const withClock = scale.to_ms - scale.from_ms < 5 * 86_400_000;
  const shown = near === undefined ? undefined : points[near];
  return (
    <section className="trend" aria-labelledby={heading}>
      <div className="trend-head">
        <h2 id={heading}>
          {title} {unit && <span className="muted">{unit}</span>}
        </h2>
        <span className="trend-value" aria-live="polite">
          {shown && (
            <>
              <b>{shown.result.value}</b> <When at={shown.result.at} />
            </>
          )}
        </span>
        <button type="button" className="button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {t('trend.table')}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t('keys.close')}
        </button>
      </div>
      <div ref={frame}>
        {asTable ? (
          <table className="trend-table">
            <thead>
              <tr>
                <th scope="col">{t('trend.time')}</th>
                <th scope="col">{t('trend.value')}</th>
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr key={`${point.result.ref} ${point.result.field}`}>
                  <td>
                    <When at={point.result.at} />
                  </td>
                  <td>
                    {point.result.value} {unit}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <svg className="trend-chart" width={width} height={height} role="group" aria-label={t('trend.chart', { test: title, count: points.length })}>
            <Band scale={scale} range={range} />
            {valueTicks(scale).map((tick) => (
              <g key={tick.text}>
                <line className="rule" x1={scale.box.left} x2={scale.box.right} y1={scale.y(tick.value)} y2={scale.y(tick.value)} />
                <text x={scale.box.left - 6} y={scale.y(tick.value) + 4} textAnchor="end">
                  {tick.text}
                </text>
              </g>
            ))}
            {timeTicks(scale).map((at_ms, n, all) => (
              <text key={at_ms} x={scale.x(at_ms)} y={height - 6} textAnchor={all.length === 1 ? 'middle' : n === 0 ? 'start' : n === all.length - 1 ? 'end' : 'middle'}>
                {formatMoment(language, new Date(at_ms).toISOString(), zone, withClock ? 'full' : 'day')}
              </text>
            ))}
            <path className="line" d={pathOf(points, scale)} />
            {points.map((point, n) => (
              <g
                key={`${point.result.ref} ${point.result.field}`}
                className="point"
                role="button"
                tabIndex={0}
                aria-label={`${point.result.value ?? ''} ${unit}, ${formatMoment(language, point.result.at ?? '', zone)}`}
                onClick={() => onPoint(point)}
                onKeyDown={(event) => event.key === 'Enter' && onPoint(point)}
                onFocus={() => setNear(n)}
                onPointerEnter={() => setNear(n)}
              >
                <circle className="reach" cx={scale.x(point.at_ms)} cy={scale.y(point.value)} r={12} />
                <circle cx={scale.x(point.at_ms)} cy={scale.y(point.value)} r={n === near ? 5 : 3.5} />
              </g>
            ))}
          </svg>
        )}
      </div>
    </section>
  );
}
