import { useMemo } from 'react';
import type { SqlResult } from '../api/types';
import { useT } from '../i18n';
import { DataGrid, type Column } from '../parts/DataGrid';
import { cellText } from './result';

const NUMERIC = /^(u?int|float|double|decimal|bigint|smallint|tinyint|real|numeric)/i;
/** Rows that a column's width is taken from. */
const SAMPLE = 200;

interface Props {
  result: SqlResult;
  /** The record that a cell names. */
  reference: (row: number, column: number) => string | undefined;
  onWhere: (reference: string) => void;
}

export function ResultGrid({ result, reference, onWhere }: Props) {
  const t = useT();
  const columns = useMemo<Column[]>(
    () =>
      result.columns.map((column, n) => {
        const sample = result.rows.slice(0, SAMPLE).reduce((longest, row) => Math.max(longest, cellText(row[n]).length), 0);
        const characters = Math.max(column.name.length + column.type.length + 1, sample);
        return { name: column.name, note: column.type, align: NUMERIC.test(column.type) ? 'end' : 'start', width: Math.min(420, Math.max(72, characters * 8 + 20)) };
      }),
    [result],
  );
  if (columns.length === 0) return <p className="muted">{t('sql.noColumns')}</p>;
  return (
    <DataGrid
      label={t('sql.result')}
      columns={columns}
      rows={result.rows.length}
      cell={(row, column) => {
        const value = result.rows[row]?.[column];
        if (value === null || value === undefined) return <span className="muted">∅</span>;
        const named = reference(row, column);
        if (named === undefined) return cellText(value);
        // One stop of Tab for the whole grid: Enter on the cell does the same.
        return (
          <button type="button" tabIndex={-1} className="grid-link" data-where={named} aria-label={t('sql.whereOf', { reference: named })} onClick={() => onWhere(named)}>
            {cellText(value)}
          </button>
        );
      }}
      onEnter={(row, column) => {
        const named = reference(row, column);
        if (named !== undefined) onWhere(named);
      }}
      text={(row, column) => cellText(result.rows[row]?.[column])}
    />
  );
}
