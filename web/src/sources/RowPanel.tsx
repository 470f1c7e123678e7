import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef } from 'react';
import { json } from '../api/client';
import type { SourceRow } from '../api/types';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { RowBytes } from '../parts/RowBytes';
import { readRowKey } from '../parts/rowKey';
import { Waiting } from '../parts/Waiting';
import '../parts/where.css';

interface Props {
  source: string;
  /** As `rowKey` makes it. */
  row: string;
  onClose: () => void;
}

/** A row of a table as it came: its cells, where it is, and its bytes. */
export function RowPanel({ source, row, onClose }: Props) {
  const t = useT();
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const { table, row: no, delivery } = readRowKey(row);
  const found = useQuery({
    queryKey: ['source-row', source, row],
    queryFn: ({ signal }) => json<SourceRow>(`/api/sources/${encodeURIComponent(source)}/tables/${encodeURIComponent(table)}/rows/${no}${delivery ? `?delivery=${delivery}` : ''}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => heading.current?.focus(), []);
  const { data } = found;
  return (
    <aside className="where" aria-labelledby={title}>
      <header className="where-head">
        <h2 id={title} ref={heading} tabIndex={-1}>
          {t('row.title', { table, no })}
        </h2>
        <button type="button" className="button" onClick={onClose} aria-label={t('row.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {!data && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={8} />)}
      {data && (
        <>
          <dl className="where-facts">
            <div>
              <dt>{t('source.file')}</dt>
              <dd>
                <code>{data.file}</code>
              </dd>
            </div>
            <div>
              <dt>{t('row.number')}</dt>
              <dd>{t('value.number', { n: data.number })}</dd>
            </div>
            <div>
              <dt>{t('row.delivery')}</dt>
              <dd>
                {data.delivery} {!data.current && <b className="state">{t('row.old')}</b>}
              </dd>
            </div>
          </dl>
          <h3>{t('row.cells')}</h3>
          <dl className="where-facts cells">
            {Object.entries(data.cells).map(([column, cell]) => (
              <div key={column}>
                <dt>
                  <code>{column}</code>
                </dt>
                <dd>{cell === null || cell === '' ? <span className="muted">∅</span> : cell}</dd>
              </div>
            ))}
          </dl>
          {data.arrival && <RowBytes arrival={data.arrival} cell={undefined} />}
        </>
      )}
    </aside>
  );
}
