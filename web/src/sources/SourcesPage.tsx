import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { TableSource } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { doorText } from '../parts/door';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty, PageTitle } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Ago, AsOf, At } from '../parts/When';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import { Freshness } from './Freshness';
import { useSources, type Sender } from './queries';
import '../parts/rows.css';
import './sources.css';

const ADD = 'medweave source add NAME --path FOLDER --mapping MAPPING\nmedweave source pull NAME';
const ROWS = '[data-row-link]';

/** Everything that data comes from: tables that are pulled, and senders of messages. */
export function SourcesPage() {
  const t = useT();
  const sources = useSources();
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
    ],
    [],
  );
  useKeys(keys);
  const { data } = sources;
  return (
    <div className="page">
      <StaleBar error={data && sources.error} onRetry={() => void sources.refetch()} />
      <header className="page-head">
        <PageTitle>{t('sources.title')}</PageTitle>
        {data && (
          <span className="muted page-facts">
            <AsOf at_ms={sources.dataUpdatedAt} />
          </span>
        )}
      </header>
      {!data && (sources.error ? <Failure error={sources.error} onRetry={() => void sources.refetch()} /> : <Waiting lines={8} />)}
      {data && <Tables tables={data.tables} />}
      {data && <Senders senders={data.senders} />}
    </div>
  );
}

function Tables({ tables }: { tables: TableSource[] }) {
  const t = useT();
  return (
    <section aria-label={t('sources.tables')} className="panel">
      <h2>{t('sources.tables')}</h2>
      {tables.length === 0 ? (
        <Empty title={t('sources.noTables.title')} command={ADD}>
          <p>{t('sources.noTables.text')}</p>
        </Empty>
      ) : (
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">{t('sources.name')}</th>
              <th scope="col">{t('sources.where')}</th>
              <th scope="col">{t('sources.mapping')}</th>
              <th scope="col">{t('sources.lastDelivery')}</th>
              <th scope="col">{t('sources.freshness')}</th>
            </tr>
          </thead>
          <tbody>
            {tables.map((source) => (
              <tr key={source.name} data-link>
                <th scope="row">
                  <Link to="/sources/$name/{-$tab}" params={{ name: source.name }} className="row-link" data-row-link>
                    {source.name}
                  </Link>
                </th>
                <td data-label={t('sources.where')}>
                  <code>{source.path}</code>
                </td>
                <td data-label={t('sources.mapping')}>
                  <code>{source.mapping}</code>
                </td>
                <td data-label={t('sources.lastDelivery')}>{source.last ? <>{t('source.delivery', { no: source.last.delivery })} · <At at={source.last.at} /></> : <span className="muted">{t('sources.never')}</span>}</td>
                <td>
                  <Freshness source={source} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Senders({ senders }: { senders: Sender[] }) {
  const t = useT();
  const session = useSession();
  const reads = session?.features.includes('sql') ?? false;
  return (
    <section aria-label={t('sources.senders')} className="panel">
      <h2>{t('sources.senders')}</h2>
      {session?.administers && (
        <p className="panel-empty">
          <Link to="/admin/{-$part}" params={{ part: 'senders' }}>
            {t('sources.manageSenders')}
          </Link>
        </p>
      )}
      {senders.length === 0 ? (
        <p className="muted panel-empty">
          {t('sources.noSenders')} <code>medweave source allow ADDRESS</code>
        </p>
      ) : (
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">{t('sources.name')}</th>
              <th scope="col">{t('sources.where')}</th>
              <th scope="col">{t('sources.lastMessage')}</th>
              <th scope="col">{t('sources.freshness')}</th>
            </tr>
          </thead>
          <tbody>
            {senders.map((sender) => (
              <tr key={sender.name} data-link={reads ? '' : undefined}>
                <th scope="row">
                  <SenderName sender={sender} reads={reads} />
                </th>
                <td data-label={t('sources.where')}>
                  {sender.address && <code>{sender.address}</code>}
                  {sender.address && sender.door && ' · '}
                  {sender.door && doorText(t, sender.door)}
                </td>
                <td data-label={t('sources.lastMessage')}>{sender.last ? <At at={sender.last} /> : <span className="muted">{reads ? t('sources.never') : t('value.notKnown')}</span>}</td>
                <td>{sender.last && <Ago at_ms={Date.parse(sender.last)} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** What one source sent last, as a question that can be changed and asked further. */
const lastOf = (name: string): string => `SELECT no, received, door, name, length\nFROM arrival\nWHERE source = '${name.replaceAll("'", "''")}'\nORDER BY no DESC\nLIMIT 50`;

function SenderName({ sender: { name }, reads }: { sender: Sender; reads: boolean }) {
  const t = useT();
  const shown = name === '' ? t('sources.noName') : name;
  if (!reads) return <>{shown}</>;
  return (
    <Link to="/sql" search={{ q: lastOf(name) }} className="row-link" data-row-link>
      {shown}
    </Link>
  );
}
