import { useMemo } from 'react';
import type { Chart, LabResult } from '../api/types';
import { useT } from '../i18n';
import { When } from '../parts/When';
import { Empty } from '../parts/Page';
import { Spark, Trend } from '../parts/Trend';
import type { ChartSearch } from '../router';
import type { OpenWhere } from './ChartPage';
import { columnOf, gridOf, rangeText, type Row } from './labs';
import { ResultValue } from './ResultValue';
import { displayUnit } from './unit';
import './labs.css';

interface Props {
  chart: Chart;
  errors: boolean;
  search: ChartSearch;
  set: (change: { test?: string | undefined; columns?: number | undefined }) => void;
  openWhere: OpenWhere;
}

/** Columns shown at first, and by each further press. */
const COLUMNS = 30;

export function Labs({ chart, errors, search, set, openWhere }: Props) {
  const t = useT();
  const grid = useMemo(() => gridOf(chart, errors), [chart, errors]);
  const shown = search.columns ?? COLUMNS;
  const times = grid.times.slice(0, shown);
  const open = grid.groups.flatMap((group) => group.rows).find((row) => row.test.key === search.test);
  if (grid.groups.length === 0) {
    return (
      <Empty title={t('labs.none.title')}>
        <p>{t('labs.none.text')}</p>
      </Empty>
    );
  }
  return (
    <div className="labs">
      {open && (
        <Trend
          key={open.test.key}
          title={open.test.code.text}
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
            <tr>
              <th scope="col" className="labs-corner">
                {t('labs.test')}
              </th>
              {times.map((at) => (
                <th key={at} scope="col" className="labs-time">
                  <When at={at} extent="day" />
                  <br />
                  <span className="muted">{at.includes('T') ? <When at={at} extent="clock" /> : ' '}</span>
                </th>
              ))}
              {grid.times.length > times.length && (
                <td className="labs-more">
                  <button type="button" className="button" onClick={() => set({ columns: shown + COLUMNS })}>
                    {t('labs.older', { count: grid.times.length - times.length })}
                  </button>
                </td>
              )}
            </tr>
          </thead>
          {grid.groups.map((group) => (
            <tbody key={group.category}>
              <tr className="labs-group">
                <th scope="rowgroup" colSpan={times.length + 1}>
                  <span>{t(`category.${group.category}`)}</span>
                </th>
              </tr>
              {group.rows.map((row) => (
                <GridRow key={row.test.key} row={row} times={times} openWhere={openWhere} isOpen={row === open} onTrend={() => set({ test: row === open ? undefined : row.test.key })} />
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {grid.timeless.length > 0 && <p className="muted labs-note">{t('labs.timeless', { count: grid.timeless.length })}</p>}
    </div>
  );
}

function GridRow({ row, times, isOpen, onTrend, openWhere }: { row: Row; times: string[]; isOpen: boolean; onTrend: () => void; openWhere: OpenWhere }) {
  const t = useT();
  const at = useMemo(() => {
    const cells = new Map<number, LabResult[]>();
    for (const result of row.results) {
      const column = columnOf(result.at);
      cells.set(column, [...(cells.get(column) ?? []), result]);
    }
    return cells;
  }, [row]);
  const unit = displayUnit(row.unit ?? '');
  const range = rangeText(row.range);
  return (
    <tr>
      <th scope="row" className="labs-head">
        <span className="labs-name">{row.test.code.text}</span>
        <span className="muted labs-range">{[unit, range].filter(Boolean).join(' · ')}</span>
        {row.course.length > 1 && (
          <button type="button" className="labs-trend" aria-expanded={isOpen} onClick={onTrend} aria-label={t('labs.trendOf', { test: row.test.code.text })}>
            <Spark points={row.course} range={row.range} />
          </button>
        )}
      </th>
      {times.map((time) => (
        <td key={time}>
          {at.get(columnOf(time))?.map((result) => (
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
              <ResultValue result={result} withUnit={result.unit !== undefined && result.unit !== row.unit} />
              {result.status === 'entered-in-error' && <span className="wrong-mark">{t('chart.enteredInError')}</span>}
            </button>
          ))}
        </td>
      ))}
    </tr>
  );
}
