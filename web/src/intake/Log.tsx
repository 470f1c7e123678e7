import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useId, useMemo, useState } from 'react';
import { json } from '../api/client';
import type { Arrival, Arrivals } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { doorText } from '../parts/door';
import { Failure, StaleBar } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Empty } from '../parts/Page';
import { Typed } from '../parts/Typed';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import type { IntakeSearch } from '../router';
import { moveFocus, useFocusBack, useKeys, type Binding } from '../shell/keys';
import { ArrivalPanel } from './ArrivalPanel';
import type { PartProps } from './IntakePage';
import { extended, matching } from './log';
import { setLog, useBeat, useKnownLetters, useLog } from './queries';

const ROWS = '[data-row-link]';
/** Rows that stand in the document at first, and come with each press. */
const SHOWN = 200;
const OLDER = 500;

/** What comes in, as it comes: newest first. Each opens beside the list. */
export function Log({ search, set }: PartProps) {
  const t = useT();
  const id = useId();
  const queries = useQueryClient();
  const [held, setHeld] = useState(false);
  const [shown, setShown] = useState(SHOWN);
  const log = useLog(held);
  const beat = useBeat();
  const letters = useKnownLetters('all');
  const { data } = log;
  const more = useMutation({
    mutationFn: (before: number) => json<Arrivals>(`/api/arrivals?limit=${OLDER}&before=${before}`),
    onSuccess: ({ arrivals, next_before }) => {
      setLog(queries, (here) => extended(here, arrivals, next_before === null));
      setShown(shown + SHOWN);
    },
  });

  useFocusBack(search.arrival === undefined ? '' : `[data-row-link="${search.arrival}"]`);
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
      { does: 'log.hold', run: () => setHeld((now) => !now) },
      { fixed: 'Escape', does: 'keys.close', run: () => set({ arrival: undefined }) },
    ],
    [set],
  );
  useKeys(keys);
  const onText = useCallback((q: string) => set({ q: q || undefined }), [set]);

  // The letter of an arrival, of those that came lately.
  const refused = useMemo(() => new Map((letters.data?.dead_letters ?? []).toReversed().map(({ arrival, no, state }) => [arrival.no, { no, state }])), [letters.data]);
  if (!data) return log.error ? <Failure error={log.error} onRetry={() => void log.refetch()} /> : <Waiting lines={10} />;
  const found = matching(data.arrivals, search);
  const newer = held && beat.data?.arrivals !== undefined ? beat.data.arrivals - (data.arrivals[0]?.no ?? 0) : 0;
  const choices = (of: (arrival: Arrival) => string, chosen: string | undefined) => [...new Set([...data.arrivals.map(of), ...(chosen === undefined ? [] : [chosen])])].toSorted((a, b) => a.localeCompare(b));
  return (
    <div className="source" data-panel={search.arrival === undefined ? undefined : ''}>
      <div className="page">
        <StaleBar error={log.error} onRetry={() => void log.refetch()} />
        <div className="intake-bar">
          <button type="button" className="button" aria-pressed={held} onClick={() => setHeld(!held)}>
            <span aria-hidden>{held ? '▶' : '❚❚'}</span>
            {t(held ? 'log.goOn' : 'log.stop')}
          </button>
          <span className="intake-labelled">
            <label htmlFor={`${id}source`}>{t('intake.source')}</label>
            <select id={`${id}source`} className="input intake-choice" value={search.source ?? ''} onChange={(event) => set({ source: event.target.value || undefined })}>
              <option value="">{t('log.all')}</option>
              {choices(({ source }) => source, search.source).map((name) => (
                <option key={name} value={name}>
                  {name || t('intake.noName')}
                </option>
              ))}
            </select>
          </span>
          <span className="intake-labelled">
            <label htmlFor={`${id}door`}>{t('intake.door')}</label>
            <select id={`${id}door`} className="input intake-choice" value={search.door ?? ''} onChange={(event) => set({ door: event.target.value || undefined })}>
              <option value="">{t('log.all')}</option>
              {choices(({ door }) => door, search.door).map((door) => (
                <option key={door} value={door}>
                  {doorText(t, door)}
                </option>
              ))}
            </select>
          </span>
          <span className="intake-labelled">
            <label htmlFor={`${id}text`}>{t('log.text')}</label>
            <Typed id={`${id}text`} className="input intake-find" value={search.q ?? ''} onChange={onText} />
          </span>
        </div>
        <p className="page-note muted intake-facts">
          <span>{t('log.count', { count: found.length, all: data.arrivals.length })}</span>
          {held ? <span className="state" role="status">{t('log.held', { count: newer })}</span> : <AsOf at_ms={Math.max(log.dataUpdatedAt, beat.dataUpdatedAt)} />}
        </p>
        {data.arrivals.length === 0 ? (
          <Empty title={t('log.none.title')} command="medweave import FOLDER">
            <p>{t('log.none.text')}</p>
          </Empty>
        ) : found.length === 0 ? (
          <p className="notice">{t('log.noMatch')}</p>
        ) : (
          <List arrivals={found.slice(0, shown)} refused={refused} opened={search.arrival} />
        )}
        {(found.length > shown || data.hasMore) && (
          <p className="page-note">
            <button
              type="button"
              className="button"
              {...acting(more.isPending, () => {
                if (found.length > shown) setShown(shown + SHOWN);
                else more.mutate(data.arrivals.at(-1)?.no ?? 0);
              })}
            >
              {t('log.more')}
            </button>
          </p>
        )}
        {more.error && <Failure error={more.error} />}
      </div>
      {search.arrival !== undefined && <ArrivalPanel key={search.arrival} no={search.arrival} letters={letters.data?.dead_letters ?? []} onClose={() => set({ arrival: undefined })} />}
    </div>
  );
}

interface ListProps {
  arrivals: Arrival[];
  refused: ReadonlyMap<number, { no: number; state: string }>;
  opened: number | undefined;
}

function List({ arrivals, refused, opened }: ListProps) {
  const t = useT();
  return (
    <div className="panel intake-list">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('log.name')}</th>
            <th scope="col">{t('log.at')}</th>
            <th scope="col">{t('intake.source')}</th>
            <th scope="col" className="intake-lesser">
              {t('intake.door')}
            </th>
            <th scope="col" className="number intake-lesser">
              {t('log.bytes')}
            </th>
            <th scope="col">{t('log.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {arrivals.map((arrival) => (
            <tr key={arrival.no} data-link data-open={arrival.no === opened ? '' : undefined}>
              <th scope="row">
                <Link
                  to="/intake/{-$part}"
                  params={{ part: 'live' }}
                  search={(before: IntakeSearch) => ({ ...before, arrival: arrival.no })}
                  replace
                  resetScroll={false}
                  className="row-link"
                  data-row-link={arrival.no}
                  aria-expanded={arrival.no === opened}
                >
                  {arrival.name || t('log.noName', { no: String(arrival.no) })}
                </Link>
              </th>
              <td data-label={t('log.at')}>
                <Instant at={arrival.at} />
              </td>
              <td data-label={t('intake.source')}>{arrival.source}</td>
              <td className="intake-lesser" data-label={t('intake.door')}>
                {doorText(t, arrival.door)}
              </td>
              <td className="number intake-lesser" data-label={t('log.bytes')}>
                {t('value.number', { n: arrival.length })}
              </td>
              <td>
                <Outcome arrival={arrival} letter={refused.get(arrival.no)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is known of how an arrival ended: that it was refused, or taken back. Of what was taken nothing need be said. */
function Outcome({ arrival: { undone }, letter }: { arrival: Arrival; letter: { no: number; state: string } | undefined }) {
  const t = useT();
  if (undone) return <span className="state">{t('log.undone')}</span>;
  if (!letter) return null;
  const isOpen = letter.state === 'open';
  return (
    <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={{ letter: letter.no }} className={isOpen ? 'intake-letters' : 'intake-letters muted'}>
      <span aria-hidden>{isOpen ? '▲ ' : '✓ '}</span>
      {isOpen ? t('log.refused') : t('letter.state', { state: letter.state })}
    </Link>
  );
}
