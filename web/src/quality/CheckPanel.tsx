import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState } from 'react';
import { json } from '../api/client';
import type { QualityCheck as Check, QualityRows as CheckRows } from '../api/types';
import { OmopRow, WhereFrom } from '../fetched';
import { useLanguage, useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import { Who } from '../parts/Who';
import { cellText } from '../sql/result';
import { checkSentence } from './words';
import '../parts/where.css';

/** How lineage calls the row of an OMOP table: `omop/measurement/815792128`. */
const OMOP = 'omop/';

interface Props {
  check: string;
  onClose: () => void;
}

/** One check: how it went from run to run, what it may fail by, and the rows that fail it. */
export function CheckPanel({ check, onClose }: Props) {
  const t = useT();
  const language = useLanguage();
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [where, setWhere] = useState<string>();
  const path = `/api/quality/checks/${encodeURIComponent(check)}`;
  const found = useQuery({ queryKey: ['quality', 'check', check], queryFn: ({ signal }) => json<Check>(path, { signal }) });
  const rows = useQuery({ queryKey: ['quality', 'rows', check], queryFn: ({ signal }) => json<CheckRows>(`${path}/rows?limit=100`, { signal }), staleTime: Number.POSITIVE_INFINITY });
  useEffect(() => heading.current?.focus(), []);
  if (where !== undefined) {
    return where.startsWith(OMOP) ? (
      <OmopRow key={where} row={where.slice(OMOP.length)} onClose={() => setWhere(undefined)} />
    ) : (
      <WhereFrom key={where} patient="" reference={where} field={undefined} onClose={() => setWhere(undefined)} />
    );
  }
  const { data } = found;
  return (
    <aside className="where" aria-labelledby={title}>
      <header className="where-head">
        <h2 id={title} ref={heading} tabIndex={-1}>
          {data ? checkSentence(language, data) : check} <code className="where-ref">{check}</code>
        </h2>
        <button type="button" className="button" onClick={onClose} aria-label={t('quality.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {!data && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={6} />)}
      {data && <History check={data} />}
      {data && <Threshold check={data} path={path} />}
      <h3>{t('quality.rows')}</h3>
      {!rows.data && (rows.error ? <Failure error={rows.error} onRetry={() => void rows.refetch()} /> : <Waiting lines={4} />)}
      {rows.data && <Violating rows={rows.data} onWhere={setWhere} />}
    </aside>
  );
}

function History({ check }: { check: Check }) {
  const t = useT();
  return (
    <table className="rows" data-narrow>
      <caption className="hidden-text">{t('quality.trend')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('quality.runColumn')}</th>
          <th scope="col" className="number">{t('quality.violated')}</th>
          <th scope="col" className="number">{t('quality.share')}</th>
        </tr>
      </thead>
      <tbody>
        {check.history.map((one) => (
          <tr key={one.run}>
            <td>
              {one.run} <span className="muted"><At at={one.at} /></span>
            </td>
            <td className="number">
              {t('value.number', { n: one.violated })} <span className="muted">/ {t('value.number', { n: one.rows })}</span>
            </td>
            <td className="number">
              {one.status === 'failed' ? <b className="danger">▲ {t('quality.percent', { percent: one.percent })}</b> : one.status === 'passed' ? <>✓ {t('quality.percent', { percent: one.percent })}</> : <span className="muted">{t('quality.none')}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What share may violate the check before it fails; another needs a reason, which is kept with the name. */
function Threshold({ check, path }: { check: Check; path: string }) {
  const t = useT();
  const queries = useQueryClient();
  const [number, reason] = [useId(), useId()];
  const [open, setOpen] = useState(false);
  const save = useMutation({
    mutationFn: (body: { threshold: number | null; reason: string }) => json(`${path}/threshold`, { method: 'PUT', body }),
    onSuccess: () => {
      setOpen(false);
      void queries.invalidateQueries({ queryKey: ['quality'] });
    },
  });
  return (
    <div className="threshold">
      <p>
        {t('quality.threshold')} <b>{check.threshold === null ? t('value.none') : t('quality.percent', { percent: check.threshold })}</b> {check.own_threshold && <span className="state">{t('quality.ownThreshold')}</span>}{' '}
        {!open && (
          <button type="button" className="button" onClick={() => setOpen(true)}>
            {t('quality.change')}
          </button>
        )}
      </p>
      {check.thresholds[0] && (
        <p className="muted">
          <Who who={check.thresholds[0].who} /> · <At at={check.thresholds[0].at} /> · {check.thresholds[0].reason}
        </p>
      )}
      {open && (
        <form
          className="threshold-form"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const text = form.get('threshold');
            const why = form.get('reason');
            save.mutate({ threshold: typeof text === 'string' && text !== '' ? Number(text) : null, reason: typeof why === 'string' ? why : '' });
          }}
        >
          <label htmlFor={number}>{t('quality.thresholdNew')}</label>
          <input id={number} name="threshold" className="input" type="number" min={0} max={100} step="any" defaultValue={check.threshold ?? ''} />
          <label htmlFor={reason}>{t('quality.reason')}</label>
          <input id={reason} name="reason" className="input" required autoComplete="off" />
          <button type="submit" className="button" data-primary disabled={save.isPending}>
            {t('quality.keep')}
          </button>
        </form>
      )}
      {save.error && <Failure error={save.error} />}
    </div>
  );
}

function Violating({ rows, onWhere }: { rows: CheckRows; onWhere: (reference: string) => void }) {
  const t = useT();
  if (rows.rows.length === 0) return <p className="muted">{t('quality.noRows')}</p>;
  return (
    <>
      <div className="violating" role="region" aria-label={t('quality.rows')} tabIndex={0}>
        <table className="rows" data-narrow>
          <thead>
            <tr>
              <th scope="col">{t('where.title')}</th>
              {rows.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.rows.map((row, n) => {
              const ref = rows.refs[n];
              return (
                <tr key={n}>
                  <td>
                    {ref && (
                      <button type="button" className="row-button" onClick={() => onWhere(ref)}>
                        {ref.startsWith(OMOP) ? ref.slice(OMOP.length) : (ref.split('/')[0] ?? ref)}
                      </button>
                    )}
                  </td>
                  {row.map((cell, column) => (
                    <td key={column}>{cellText(cell)}</td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {rows.more && <p className="muted">{t('quality.firstRows', { count: rows.rows.length })}</p>}
      <p>
        <Link to="/sql" search={{ q: rows.sql }} className="button">
          {t('quality.sql')}
        </Link>
      </p>
    </>
  );
}
