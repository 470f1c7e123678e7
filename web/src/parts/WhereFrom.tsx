import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { json } from '../api/client';
import type { Version, Where } from '../api/types';
import { Cells } from '../fetched';
import { useT, type Key } from '../i18n';
import { useFollow } from '../live/follow';
import { Compare } from './Compare';
import { doorText } from './door';
import { JsonView, RawBytes } from './RawBytes';
import { Failure } from './Failure';
import { Waiting } from './Waiting';
import { At } from './When';
import { whoText } from './who';
import { wrapperText } from './wrapper';
import './where.css';

/** The media type of what a mapping's run leaves of a resource: the numbers of its rows. */
const ROW_LINKS = 'application/vnd.medweave.rows+ndjson';

const VIEWS = { cells: 'where.cells', raw: 'where.raw', json: 'where.json', diff: 'where.diff' } as const satisfies Record<string, Key>;
type View = keyof typeof VIEWS;

interface Props {
  /** Whose record it is: a version that comes while this is open is shown too. */
  patient: string;
  /** `Observation/123`. */
  reference: string;
  /** The element that the value asked about stands in. */
  field: string | undefined;
  onClose: () => void;
}

/** The way back: from a record to its versions, the arrival each came with, and the bytes as they were received. */
export function WhereFrom({ patient, reference, field, onClose }: Props) {
  const t = useT();
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [chosen, setChosen] = useState<number>();
  const [wanted, setView] = useState<View>();
  const [against, setAgainst] = useState<number>();
  const [wide, setWide] = useState(false);
  const where = useQuery({
    queryKey: ['where', reference],
    queryFn: ({ signal }) => json<Where>(`/api/where/${reference}`, { signal }),
  });
  useFollow(['where', reference], { patient, types: patient ? '' : (reference.split('/')[0] ?? '') });
  useEffect(() => heading.current?.focus(), []);
  const versions = where.data?.versions ?? [];
  const version = versions.find((v) => v.version === chosen) ?? versions[0];
  const others = versions.filter((v) => v !== version && v.change !== 'deleted');
  // The one before, unless another is asked for; of the oldest, the newest.
  const other = version && version.change !== 'deleted' ? (others.find((v) => v.version === against) ?? others.find((v) => v.version < version.version) ?? others[0]) : undefined;

  // What a mapping made came as cells of tables; anything else as bytes of its own.
  const mapped = version?.arrival.media === ROW_LINKS && version.change !== 'deleted';
  const views = (Object.keys(VIEWS) as View[]).filter((name) => name !== (mapped ? 'raw' : 'cells'));
  const view = wanted && views.includes(wanted) ? wanted : mapped ? 'cells' : 'raw';

  return (
    <aside className="where" aria-labelledby={title} data-wide={wide ? '' : undefined}>
      <header className="where-head">
        <h2 id={title} ref={heading} tabIndex={-1}>
          {t('where.title')} <code className="where-ref">{reference}</code>
        </h2>
        <button type="button" className="button where-wider" aria-pressed={wide} onClick={() => setWide(!wide)} aria-label={t('where.wider')} title={t('where.wider')}>
          <span aria-hidden>⇔</span>
        </button>
        <button type="button" className="button" onClick={onClose} aria-label={t('where.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {!where.data && (where.error ? <Failure error={where.error} onRetry={() => void where.refetch()} /> : <Waiting lines={8} />)}
      {version && (
        <>
          <section aria-label={t('where.versions')}>
            <ul className="where-versions">
              {versions.map((v) => (
                <li key={v.version}>
                  <button type="button" className="where-version" aria-pressed={v === version} onClick={() => setChosen(v.version)}>
                    <b>{t('where.version', { version: v.version })}</b>
                    <span>{t(`where.${v.change}`)}</span>
                    <At at={v.at} />
                  </button>
                </li>
              ))}
            </ul>
          </section>
          {!mapped && <ArrivalFacts version={version} />}
          <div className="where-views" role="group" aria-label={t('where.show')}>
            {views.map((name) => (
              <button key={name} type="button" className="button" aria-pressed={view === name} disabled={name === 'diff' && !other} onClick={() => setView(name)}>
                {t(VIEWS[name])}
              </button>
            ))}
          </div>
          {view === 'cells' && (
            <Cells key={version.version} reference={reference} version={version.version} field={field} />
          )}
          {view === 'raw' && <RawBytes key={version.version} reference={reference} version={version} field={field} />}
          {view === 'json' && <JsonView key={version.version} reference={reference} version={version.version} field={field} />}
          {view === 'diff' && other && <Compare reference={reference} one={version} other={other} others={others} onOther={setAgainst} />}
          {mapped && (
            <details className="where-run">
              <summary>{t('where.run')}</summary>
              <ArrivalFacts version={version} />
            </details>
          )}
        </>
      )}
    </aside>
  );
}

function ArrivalFacts({ version }: { version: Version }) {
  const t = useT();
  const { arrival } = version;
  const facts: [Key, string][] = [
    ['where.arrival', t('where.arrivalNo', { no: String(arrival.no) })],
    ['where.name', arrival.name],
    ['where.source', arrival.source],
    ['where.door', doorText(t, arrival.door)],
    ['where.principal', whoText(t, arrival.principal)],
    ['where.media', [arrival.media, wrapperText(t, arrival.wrapper)].filter(Boolean).join(' · ')],
    ['where.place', t('where.range', { offset: version.offset, length: version.length, whole: arrival.length })],
    ['where.hash', arrival.hash],
  ];
  return (
    <dl className="where-facts">
      {facts
        .filter(([, text]) => text !== '')
        .map(([key, text]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      <div>
        <dt>{t('where.received')}</dt>
        <dd>
          <At at={arrival.at} />
        </dd>
      </div>
      {arrival.undone && (
        <div className="danger">
          <dt>{t('where.undone')}</dt>
          <dd>
            <At at={arrival.undone} />
          </dd>
        </div>
      )}
    </dl>
  );
}
