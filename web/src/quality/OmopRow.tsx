import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { json } from '../api/client';
import type { OmopLineage } from '../api/types';
import { Cells, WhereFrom } from '../fetched';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import '../sources/sources.css';
import '../parts/where.css';

interface Props {
  /** `measurement/815792128`. */
  row: string;
  onClose: () => void;
}

/** A row of an OMOP table: what stands in it, the record that it was made of, and the cells that this was made of. */
export function OmopRow({ row, onClose }: Props) {
  const t = useT();
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [record, setRecord] = useState(false);
  const found = useQuery({
    queryKey: ['lineage', 'omop', row],
    queryFn: ({ signal }) => json<OmopLineage>(`/api/lineage/omop/${row}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!record) heading.current?.focus();
  }, [record]);
  const { data } = found;
  if (record && data) {
    return (
      <WhereFrom patient="" reference={data.ref} field={undefined} onClose={() => setRecord(false)} />
    );
  }
  return (
    <aside className="where" aria-labelledby={title}>
      <header className="where-head">
        <h2 id={title} ref={heading} tabIndex={-1}>
          {t('where.title')} <code className="where-ref">omop.{row.replace('/', ' ')}</code>
        </h2>
        <button type="button" className="button" onClick={onClose} aria-label={t('where.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {!data && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={8} />)}
      {data && (
        <>
          <details>
            <summary>{t('quality.row')}</summary>
            <dl className="where-facts cells">
              {Object.entries(data.values as Record<string, unknown>).map(([column, value]) => (
                <div key={column}>
                  <dt>
                    <code>{column}</code>
                  </dt>
                  <dd>{value === null ? <span className="muted">∅</span> : typeof value === 'string' ? value : JSON.stringify(value)}</dd>
                </div>
              ))}
            </dl>
          </details>
          <dl className="where-facts">
            <div>
              <dt>{t('quality.madeOf')}</dt>
              <dd>
                <button type="button" className="row-button" onClick={() => setRecord(true)}>
                  {data.ref}
                </button>
              </dd>
            </div>
          </dl>
          {data.lineage ? (
            <Cells reference={data.lineage.ref} version={data.lineage.version} field={undefined} />
          ) : (
            <p className="muted">{t('quality.noCells')}</p>
          )}
        </>
      )}
    </aside>
  );
}
