import { useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Range } from '../api/types';
import { flagOf } from '../chart/flag';
import { rangeText } from '../chart/labs';
import { ResultValue } from '../chart/ResultValue';
import { useLanguage, useT } from '../i18n';
import { useZone } from '../live/session';
import { widestFraction } from './decimal';
import { When } from './When';
import { Band, numberOf, pathOf, type Point } from './Spark';
import { anchorOf, dotOf, timeMarks } from './marks';
import { formatMoment } from './time';
import { scaleOf, valueTicks } from './scale';
import './trend.css';

interface TrendProps {
  title: string;
  unit: string;
  range: Range | undefined;
  points: Point[];
  onPoint: (point: Point) => void;
  onClose: () => void;
}

const HEIGHT_PX = 200;
/** A press so far from a point still means it: a finger is no needle. */
const REACH_PX = 32;

/** A test's course with axes; each point opens where it came from. The same data as a table by one button. */
export function Trend({ title, unit, range, points, onPoint, onClose }: TrendProps) {
  const t = useT();
  const heading = useId();
  const section = useRef<HTMLElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  const [asTable, setAsTable] = useState(false);
  // The newest until another is gone to.
  const [chosen, setChosen] = useState<number>();
  useEffect(() => {
    if (!frame.current) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(260, entry.contentRect.width)));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  // It opens above the table that it was asked from, of which a phone shows only a part.
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), []);
  const near = chosen !== undefined && chosen < points.length ? chosen : points.length - 1;
  const shown = points[near];
  const limits = rangeText(range);
  return (
    <section ref={section} className="trend" aria-labelledby={heading}>
      <div className="trend-head">
        <h2 id={heading}>
          {title} <span className="muted trend-note">{[unit, limits].filter(Boolean).join(' · ')}</span>
        </h2>
        <span className="trend-value">
          {shown && (
            <>
              <ResultValue result={shown.result} />
              <span className="muted">
                <When at={shown.result.at} />
              </span>
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
      <div ref={frame}>{asTable ? <Values points={points} unit={unit} /> : <Course label={t('trend.chart', { test: title, count: points.length })} {...{ width, range, unit, points, near, onPoint }} onNear={setChosen} />}</div>
    </section>
  );
}

function Values({ points, unit }: { points: Point[]; unit: string }) {
  const t = useT();
  const fraction = widestFraction(points.map(({ result }) => result.value ?? ''));
  return (
    <table className="trend-table">
      <thead>
        <tr>
          <th scope="col">{t('trend.time')}</th>
          <th scope="col">
            {t('trend.value')} {unit && <span className="muted">{unit}</span>}
          </th>
        </tr>
      </thead>
      <tbody>
        {points.toReversed().map((point) => (
          <tr key={`${point.result.ref} ${point.result.field}`}>
            <td>
              <When at={point.result.at} />
            </td>
            <td>
              <ResultValue result={point.result} fraction={fraction} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CourseProps {
  label: string;
  width: number;
  range: Range | undefined;
  unit: string;
  points: Point[];
  /** The point that is named above and takes the focus. */
  near: number;
  onNear: (n: number) => void;
  onPoint: (point: Point) => void;
}

function Course({ label, width, range, unit, points, near, onNear, onPoint }: CourseProps) {
  const language = useLanguage();
  const zone = useZone();
  const drawing = useRef<SVGSVGElement>(null);
  const scale = scaleOf(points, numberOf(range?.low), numberOf(range?.high), { left: 52, right: width - 12, top: 12, bottom: HEIGHT_PX - 40 }, 10);
  const marks = timeMarks(language, zone, scale);

  const go = (n: number): void => {
    const next = Math.max(0, Math.min(points.length - 1, n));
    onNear(next);
    drawing.current?.querySelector<SVGGElement>(`[data-point="${next}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowLeft: near - 1, ArrowRight: near + 1, Home: 0, End: points.length - 1 };
    const to = moves[event.key];
    const point = points[near];
    if (to !== undefined) go(to);
    else if ((event.key === 'Enter' || event.key === ' ') && point) onPoint(point);
    else return;
    event.preventDefault();
  };
  /** The point nearest to the pointer, and whether it is near enough to be meant. */
  const nearest = (event: { clientX: number; clientY: number }): { n: number; isMeant: boolean } => {
    const box = drawing.current?.getBoundingClientRect();
    const [x, y] = [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
    let best = { n: near, far: Number.POSITIVE_INFINITY };
    points.forEach((point, n) => {
      const far = Math.hypot(scale.x(point.at_ms) - x, (scale.y(point.value) - y) / 4);
      if (far < best.far) best = { n, far };
    });
    return { n: best.n, isMeant: best.far < REACH_PX };
  };
  const onMove = (event: PointerEvent): void => {
    const { n } = nearest(event);
    if (n !== near) onNear(n);
  };
  const shown = points[near];

  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- for a pointer that is near a point; the points have the keys
    <svg
      ref={drawing}
      className="trend-chart"
      width={width}
      height={HEIGHT_PX}
      role="group"
      aria-label={label}
      onPointerMove={onMove}
      onClick={(event) => {
        const { n, isMeant } = nearest(event);
        const point = points[n];
        if (isMeant && point) onPoint(point);
      }}
    >
      <Band scale={scale} range={range} />
      {valueTicks(scale).map((tick) => (
        <g key={tick.text}>
          <line className="rule" x1={scale.box.left} x2={scale.box.right} y1={scale.y(tick.value)} y2={scale.y(tick.value)} />
          <text x={scale.box.left - 8} y={scale.y(tick.value) + 4} textAnchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      {marks.map(({ at_ms, lines }) => (
        <g key={at_ms}>
          <line className="rule" x1={scale.x(at_ms)} x2={scale.x(at_ms)} y1={scale.box.bottom} y2={scale.box.bottom + 4} />
          {lines.map((line, n) => (
            <text key={line} x={scale.x(at_ms)} y={scale.box.bottom + 18 + n * 15} textAnchor={anchorOf(scale, at_ms)}>
              {line}
            </text>
          ))}
        </g>
      ))}
      {shown && <line className="guide" x1={scale.x(shown.at_ms)} x2={scale.x(shown.at_ms)} y1={scale.box.top} y2={scale.box.bottom} />}
      <path className="line" d={pathOf(points, scale)} />
      {points.map((point, n) => (
        <g
          key={`${point.result.ref} ${point.result.field}`}
          className="point"
          role="button"
          tabIndex={n === near ? 0 : -1}
          data-point={n}
          data-level={flagOf(point.result)?.level}
          aria-label={`${point.result.comparator ?? ''}${point.result.value ?? ''} ${unit} ${flagOf(point.result)?.code ?? ''}, ${formatMoment(language, point.result.at ?? '', zone)}`}
          onKeyDown={onKeyDown}
          onFocus={() => onNear(n)}
        >
          <circle className="reach" cx={scale.x(point.at_ms)} cy={scale.y(point.value)} r={12} />
          <path className="dot" d={dotOf(flagOf(point.result)?.mark ?? '', scale.x(point.at_ms), scale.y(point.value), n === near ? 6 : 4)} />
        </g>
      ))}
    </svg>
  );
}
