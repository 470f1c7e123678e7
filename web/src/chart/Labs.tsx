import { useMemo } from 'react';
import type { Chart, LabResult } from '../api/types';
import { Trend } from '../fetched';
import { useLanguage, useT } from '../i18n';
import { useZone } from '../live/session';
import { widestFraction } from '../parts/decimal';
import { When } from '../parts/When';
import { Empty } from '../parts/Page';
import { Spark } from '../parts/Spark';
import { formatMoment } from '../parts/time';
import type { ChartSearch } from '../router';
import type { OpenWhere } from './ChartPage';
import { flagOf } from './flag';
import { WrongMark } from './Item';
import { columnOf, gridOf, rangeText, type Part, type Row } from './labs';
import { ResultValue } from './ResultValue';
import { testName } from './testName';
import { displayUnit } from './unit';
import './labs.css';

interface Props {
  chart: Chart;
  part: Part;
  errors: boolean;
  search: ChartSearch;
  set: (change: { test?: string | undefined; columns?: number | undefined }) => void;
  openWhere: OpenWhere;
}

/** Columns shown at first, and by each further press. */
const COLUMNS = 30;

/** A moment of the columns, and how the cells under it are laid out. */
interface Column {
  at: string;
  /** Width of the fractions: numbers are aligned on the point. */
  fraction: number;
  /** Whether any value is flagged: then each keeps the flag's place free. */
  flagged: boolean;
}

export function Labs({ chart, part, errors, search, set, openWhere }: Props) {
  const t = useT();
  const zone = useZone();
  const language = useLanguage();
  const grid = useMemo(() => gridOf(chart, errors, part, zone), [chart, errors, part, zone]);
  const shown = search.columns ?? COLUMNS;
  const columns = useMemo(() => layOut(grid.times.slice(0, shown), grid.groups.flatMap((group) => group.rows)), [grid, shown]);
  const days = useMemo(() => daysOf(columns, zone), [columns, zone]);
  const open = grid.groups.flatMap((group) => group.rows).find((row) => row.test.key === search.test);
  if (grid.groups.length === 0) {
    return (
      <Empty title={t('labs.none.title')}>
        <p>{t('labs.none.text')}</p>
      </Empty>
    );
  }
  const more = grid.times.length - columns.length;
  return (
    <div className="labs">
      {open && (
        <Trend
          key={open.test.key}
          title={testName(t, language, open.test)}
          unit={displayUnit(open.unit ?? '')}
          range={open.range}
          points={open.course}
          onPoint={(point) => openWhere(point.result.ref, point.result.field)}
          onClose={() => set({ test: undefined })}
        />
      )}
      <div className="labs-scroll" role="region" aria-label={t('labs.region')} tabIndex={0}>
        <table className="labs-grid">
          <caption className="hidden-text">{t('labs.caption')}</caption>
          <thead>
            <tr className="labs-days">
              <th scope="col" rowSpan={2} className="labs-corner">
                {t('labs.test')}
              </th>
              {days.map((day) => (
                <th key={day.at} scope="colgroup" colSpan={day.columns}>
                  <span>
                    {day.at === '' ? <span className="muted">{t('labs.noTime')}</span> : <When at={day.at} extent="day" />}
                  </span>
                </th>
              ))}
              {more > 0 && (
                <td rowSpan={2} className="labs-more">
                  <button type="button" className="button" onClick={() => set({ columns: shown + COLUMNS })}>
                    {t('labs.older', { count: more })}
                  </button>
                </td>
              )}
            </tr>
            <tr className="labs-clocks">
              {columns.map(({ at }) => (
                <th key={at} scope="col" className="muted">
                  {at.includes('T') && <When at={at} extent="clock" />}
                </th>
              ))}
            </tr>
          </thead>
          {grid.groups.map((group) => (
            <tbody key={group.category}>
              {(grid.groups.length > 1 || part === 'other') && (
                <tr className="labs-group">
                  <th scope="rowgroup" colSpan={columns.length + 1}>
                    <span>{t(`category.${group.category}`)}</span>
                  </th>
                </tr>
              )}
              {group.rows.map((row) => (
                <GridRow key={row.test.key} row={row} columns={columns} openWhere={openWhere} isOpen={row === open} onTrend={() => set({ test: row === open ? undefined : row.test.key })} />
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </div>
  );
}

function layOut(times: string[], rows: Row[]): Column[] {
  const byTime = new Map<string, LabResult[]>(times.map((at) => [columnOf(at), []]));
  for (const row of rows) for (const result of row.results) byTime.get(columnOf(result.at))?.push(result);
  return times.map((at) => {
    const results = byTime.get(columnOf(at)) ?? [];
    return {
      at,
      fraction: widestFraction(results.flatMap((result) => (result.numeric && result.value !== undefined ? [result.value] : []))),
      flagged: results.some((result) => flagOf(result)?.mark),
    };
  });
}

/** Neighbouring columns of one day on the page's calendar. */
function daysOf(columns: Column[], zone: string): { at: string; columns: number }[] {
  const days: { at: string; day: string; columns: number }[] = [];
  for (const { at } of columns) {
    const day = formatMoment('zh-Hans', at, zone, 'day');
    const last = days.at(-1);
    if (last?.day === day) last.columns += 1;
    else days.push({ at, day, columns: 1 });
  }
  return days;
}

interface RowProps {
  row: Row;
  columns: Column[];
  isOpen: boolean;
  onTrend: () => void;
  openWhere: OpenWhere;
}

function GridRow({ row, columns, isOpen, onTrend, openWhere }: RowProps) {
  const t = useT();
  const at = useMemo(() => {
    const cells = new Map<string, LabResult[]>();
    for (const result of row.results) {
      const column = columnOf(result.at);
      cells.set(column, [...(cells.get(column) ?? []), result]);
    }
    return cells;
  }, [row]);
  const unit = displayUnit(row.unit ?? '');
  const range = rangeText(row.range);
  const name = testName(t, useLanguage(), row.test);
  return (
    <tr>
      <th scope="row" className="labs-head">
        <span className="labs-title">
          <span className="labs-name">{name}</span>
          <span className="muted labs-range">{[unit, range].filter(Boolean).join(' · ')}</span>
        </span>
        {row.course.length > 1 && (
          <button type="button" className="labs-trend" aria-expanded={isOpen} onClick={onTrend} aria-label={t('labs.trendOf', { test: name })}>
            <Spark points={row.course} range={row.range} />
          </button>
        )}
      </th>
      {columns.map((column) => (
        <td key={column.at} data-flagged={column.flagged ? '' : undefined}>
          {at.get(columnOf(column.at))?.map((result) => (
            <button
              key={`${result.ref} ${result.field}`}
              type="button"
              className="labs-cell"
              data-item
              data-ref={result.ref}
              data-field={result.field}
              data-wrong={result.status === 'entered-in-error' ? '' : undefined}
              onClick={() => openWhere(result.ref, result.field)}
            >
              <ResultValue result={result} withUnit={result.unit !== undefined && result.unit !== row.unit} fraction={column.fraction} />
              {result.status === 'entered-in-error' && <WrongMark />}
            </button>
          ))}
        </td>
      ))}
    </tr>
  );
}
