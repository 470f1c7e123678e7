import { Link } from '@tanstack/react-router';
import { useCallback, useId, useMemo } from 'react';
import type { DeadLetter } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { doorText } from '../parts/door';
import { Failure, StaleBar } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Empty } from '../parts/Page';
import { Typed } from '../parts/Typed';
import { Waiting } from '../parts/Waiting';
import { Ago, AsOf } from '../parts/When';
import type { IntakeSearch } from '../router';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import type { PartProps } from './IntakePage';
import { isOfRow, LETTER_DOORS, type LettersWanted } from './letters';
import { useBeat, useLetters } from './queries';
import { ReplayingBar } from './ReplayingBar';
import { LETTER_STATES } from './states';

const ROWS = '[data-row-link]';

export const wantedOf = ({ letters = 'open', source, door }: IntakeSearch): LettersWanted => ({ state: letters, source, door });

/** What could not be taken: each line opens one letter. */
export function Refused({ search, set }: PartProps) {
  const t = useT();
  const id = useId();
  const wanted = wantedOf(search);
  const found = useLetters(wanted);
  const beat = useBeat();
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
    ],
    [],
  );
  useKeys(keys);
  const onSource = useCallback((source: string) => set({ source: source || undefined }), [set]);
  const pages = found.data?.pages;
  const letters = pages?.flatMap((page) => page.letters);
  const open = pages?.[0]?.open ?? 0;
  const all = beat.data?.dead_letters;
  const ofRows = wanted.door === undefined && wanted.source === undefined && all !== undefined ? Math.max(0, all - open) : 0;
  return (
    <div className="page">
      <StaleBar error={pages && found.error} onRetry={() => void found.refetch()} />
      <div className="intake-bar">
        <span className="intake-labelled">
          <label htmlFor={`${id}state`}>{t('intake.state')}</label>
          <select id={`${id}state`} className="input intake-choice" value={wanted.state} onChange={(event) => set({ letters: LETTER_STATES.find((state) => state === event.target.value && state !== 'open') })}>
            {LETTER_STATES.map((state) => (
              <option key={state} value={state}>
                {t('letter.state', { state })}
              </option>
            ))}
          </select>
        </span>
        <span className="intake-labelled">
          <label htmlFor={`${id}door`}>{t('intake.door')}</label>
          <select id={`${id}door`} className="input intake-choice" value={search.door ?? ''} onChange={(event) => set({ door: event.target.value || undefined })}>
            <option value="">{t('refused.messages')}</option>
            {LETTER_DOORS.map((door) => (
              <option key={door} value={door}>
                {doorText(t, door)}
              </option>
            ))}
          </select>
        </span>
        <span className="intake-labelled">
          <label htmlFor={`${id}source`}>{t('intake.source')}</label>
          <Typed id={`${id}source`} className="input intake-find" value={search.source ?? ''} onChange={onSource} />
        </span>
      </div>
      <p className="page-note muted intake-facts">
        <span role="status">{t('refused.open', { count: open })}</span>
        {ofRows > 0 && <Link to="/sources">{t('refused.rows', { count: ofRows })}</Link>}
        <AsOf at_ms={Math.max(found.dataUpdatedAt, beat.dataUpdatedAt)} />
      </p>
      <ReplayingBar />
      {!letters && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={8} />)}
      {letters?.length === 0 && (
        <Empty title={t(wanted.state === 'open' ? 'refused.none.title' : 'refused.noMatch')}>
          <p>{t('refused.none.text')}</p>
        </Empty>
      )}
      {letters && letters.length > 0 && <List letters={letters} />}
      {found.hasNextPage && (
        <p className="page-note">
          <button type="button" className="button" {...acting(found.isFetchingNextPage, () => void found.fetchNextPage())}>
            {t('log.more')}
          </button>
        </p>
      )}
    </div>
  );
}

function List({ letters }: { letters: DeadLetter[] }) {
  const t = useT();
  return (
    <div className="panel intake-list">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('refused.what')}</th>
            <th scope="col">{t('letter.place')}</th>
            <th scope="col">{t('intake.source')}</th>
            <th scope="col" className="intake-lesser">
              {t('intake.door')}
            </th>
            <th scope="col">{t('log.at')}</th>
            <th scope="col">{t('intake.state')}</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <Row key={letter.no} letter={letter} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ letter }: { letter: DeadLetter }) {
  const t = useT();
  const { no, what, place, at, state, arrival } = letter;
  return (
    <tr data-link>
      <th scope="row" className="refused-what">
        {isOfRow(letter) ? (
          // Its cells are corrected where its source is.
          <Link to="/sources/$name/{-$tab}" params={{ name: arrival.source, tab: 'letters' }} search={{ letter: no, ...(state !== 'open' && { dealt: true }) }} className="row-link" data-row-link={no}>
            <span lang="en">{what}</span>
          </Link>
        ) : (
          <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={(before: IntakeSearch) => ({ ...before, letter: no })} className="row-link" data-row-link={no}>
            <span lang="en">{what}</span>
          </Link>
        )}
      </th>
      <td data-label={t('letter.place')}>
        <code>{place}</code>
      </td>
      <td data-label={t('intake.source')}>
        {arrival.source} <span className="muted">{arrival.name}</span>
      </td>
      <td className="intake-lesser" data-label={t('intake.door')}>
        {doorText(t, arrival.door)}
      </td>
      <td className="intake-when" data-label={t('log.at')}>
        <Instant at={at} />{' '}
        <span className="muted">
          (<Ago at_ms={Date.parse(at)} />)
        </span>
      </td>
      <td>
        <LetterState state={state} />
      </td>
    </tr>
  );
}

/** Whether a letter waits, in a mark and words. */
export function LetterState({ state }: { state: DeadLetter['state'] }) {
  const t = useT();
  return (
    <span className={state === 'open' ? 'danger fixed' : 'muted fixed'}>
      <span aria-hidden>{state === 'open' ? '▲ ' : '✓ '}</span>
      {t('letter.state', { state })}
    </span>
  );
}
