import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { doorText } from '../parts/door';
import { Failure, StaleBar } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Empty } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Ago, AsOf } from '../parts/When';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import { useBeat, useKnownLetters, useKnownSources, useNewest, useRates } from './queries';
import { senderRows, type SenderRow } from './senders';

const ROWS = '[data-row-link]';
const ALLOW = 'medweave source allow 10.1.0.0/16 --name laboratory\nmedweave import FOLDER';

/** Who sends messages and files: by which door, when last, how much, and of whom something could not be taken. */
export function Senders() {
  const t = useT();
  const session = useSession();
  const sources = useKnownSources();
  const newest = useNewest();
  const beat = useBeat();
  const rates = useRates(beat.data?.now);
  const letters = useKnownLetters('open');
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
    ],
    [],
  );
  useKeys(keys);
  const all = sources.data;
  const came = newest.data;
  const error = newest.error ?? sources.error;
  const again = () => void Promise.all([sources.refetch(), newest.refetch()]);
  const rows = useMemo(
    () =>
      all && came
        ? senderRows({ allowed: all.allowed, tables: new Set(all.tables), came: came.sources, rates: rates.data?.rates, letters: letters.data?.dead_letters ?? [] })
        : undefined,
    [all, came, rates.data, letters.data],
  );
  if (!rows) return error ? <Failure error={error} onRetry={again} /> : <Waiting lines={8} />;
  const noMap = Object.entries(beat.data?.no_map ?? {});
  return (
    <div className="page">
      <StaleBar error={error ?? rates.error ?? letters.error} onRetry={again} />
      <p className="page-note muted intake-facts">
        <span>{t('intake.senderCount', { count: rows.length })}</span>
        <AsOf at_ms={beat.dataUpdatedAt || newest.dataUpdatedAt} />
        {(rates.data?.lag_s ?? 0) > 1 && <span className="state">{t('intake.behind', { seconds: Math.round(rates.data?.lag_s ?? 0) })}</span>}
        {all && all.tables.length > 0 && <Link to="/sources">{t('intake.tables', { count: all.tables.length })}</Link>}
        {session?.duties.includes('system') && (
          <Link to="/admin/{-$part}" params={{ part: 'senders' }}>
            {t('intake.manage')}
          </Link>
        )}
      </p>
      {rows.length === 0 ? (
        <Empty title={t('intake.none.title')} command={ALLOW}>
          <p>{t('intake.none.text')}</p>
        </Empty>
      ) : (
        <div className="panel">
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">{t('intake.source')}</th>
                <th scope="col">{t('intake.door')}</th>
                <th scope="col">{t('intake.last')}</th>
                <th scope="col" className="number">
                  {t('intake.minute')}
                </th>
                <th scope="col" className="number">
                  {t('intake.hour')}
                </th>
                <th scope="col" className="number">
                  {t('intake.letters')}
                </th>
                <th scope="col">{t('intake.state')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.name} row={row} hasRates={rates.data !== undefined} isCut={(letters.data?.next_before ?? null) !== null} knowsLetters={letters.data !== undefined} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {noMap.length > 0 && (
        <section className="panel" aria-label={t('intake.noMap')}>
          <h2>{t('intake.noMap')}</h2>
          <p className="panel-empty muted">{t('intake.noMapText')}</p>
          <ul className="intake-events">
            {noMap
              .toSorted(([, a], [, b]) => b - a)
              .map(([event, count]) => (
                <li key={event}>
                  <code>{event}</code> <span className="muted">{t('intake.messages', { count })}</span>
                </li>
              ))}
          </ul>
        </section>
      )}
    </div>
  );
}

interface RowProps {
  row: SenderRow;
  hasRates: boolean;
  /** Whether there are more letters than were counted. */
  isCut: boolean;
  knowsLetters: boolean;
}

function Row({ row: { name, address, doors, last, rate, letters, state }, hasRates, isCut, knowsLetters }: RowProps) {
  const t = useT();
  const count = (n: number) => (hasRates ? n === 0 ? <span className="muted">0</span> : t('value.number', { n }) : <span className="muted">{t('value.notKnown')}</span>);
  return (
    <tr data-link>
      <th scope="row">
        <Link to="/intake/{-$part}" params={{ part: 'live' }} search={{ source: name }} className="row-link" data-row-link>
          {name || t('intake.noName')}
        </Link>
        {address && (
          <>
            {' '}
            <code className="muted intake-address">{address}</code>
          </>
        )}
      </th>
      <td data-label={t('intake.door')}>{doors.map((door) => doorText(t, door)).join(', ')}</td>
      <td data-label={t('intake.last')}>
        {last ? (
          <>
            <Instant at={last} />{' '}
            <span className="muted">
              (<Ago at_ms={Date.parse(last)} />)
            </span>
          </>
        ) : (
          <span className="muted">{t('intake.never')}</span>
        )}
      </td>
      <td className="number" data-label={t('intake.minute')}>
        {count(rate?.minute ?? 0)}
      </td>
      <td className="number" data-label={t('intake.hour')}>
        {count(rate?.hour ?? 0)}
      </td>
      <td className="number" data-label={t('intake.letters')}>
        {letters > 0 ? (
          <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={{ source: name }} className="intake-letters">
            <span aria-hidden>▲ </span>
            {t(isCut ? 'intake.openAtLeast' : 'intake.open', { count: letters })}
          </Link>
        ) : (
          <span className="muted">{knowsLetters ? 0 : t('value.notKnown')}</span>
        )}
      </td>
      <td>
        <span className="intake-state" data-state={state}>
          {t(`intake.is.${state}`)}
        </span>
      </td>
    </tr>
  );
}
