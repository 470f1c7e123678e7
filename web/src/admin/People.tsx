import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { Account } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Failure, StaleBar } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import { opening, type PartProps } from './AdminPage';
import { Instant } from '../parts/Instant';
import { MakePerson } from './MakePerson';
import { among } from './among';
import { Person } from './Person';
import { useUsers } from './queries';
import { RowLink } from './RowLink';
import { Typed } from '../parts/Typed';

const STATES = ['all', 'open', 'disabled'] as const;
/** Rows that are drawn at once; whoever looks for one of thousands types a name. */
const SHOWN = 200;

/** Everybody who can sign in, or could. */
export function People({ search, set }: PartProps) {
  const t = useT();
  const users = useUsers();
  const session = useSession();
  const own = session?.person?.account;
  const mayChange = session?.duties.includes('security') ?? false;
  const [shown, setShown] = useState(SHOWN);
  const ids = { q: useId(), state: useId() };
  const { data } = users;
  if (!data) return users.error ? <Failure error={users.error} onRetry={() => void users.refetch()} /> : <Waiting lines={8} />;
  const found = among(data.users, search);
  const person = data.users.find((one) => one.id === search.person);
  return (
    <div className="source" data-panel={person || search.make ? '' : undefined}>
      <div className="page">
        <StaleBar error={users.error} onRetry={() => void users.refetch()} />
        <div className="admin-bar">
          <span className="admin-labelled">
            <label htmlFor={ids.q}>{t('people.find')}</label>
            <Typed id={ids.q} className="input admin-find" value={search.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
          </span>
          <span className="admin-labelled">
            <label htmlFor={ids.state}>{t('people.state')}</label>
            <select
              id={ids.state}
              className="input admin-choice"
              value={search.state ?? 'all'}
              onChange={(event) => {
                const state = STATES.find((one) => one === event.target.value) ?? 'all';
                set({ state: state === 'all' ? undefined : state });
              }}
            >
              {STATES.map((state) => (
                <option key={state} value={state}>
                  {t(`people.state.${state}`)}
                </option>
              ))}
            </select>
          </span>
          <span className="spacer" />
          {mayChange && (
            <button type="button" className="button" data-primary data-make onClick={() => set(opening({ make: true }))}>
              {t('people.make')}
            </button>
          )}
        </div>
        <p className="page-note muted admin-facts">
          <span>{t('people.count', { count: found.length })}</span>
          <AsOf at_ms={users.dataUpdatedAt} />
          {session?.duties.includes('audit') && (
            <Link to="/admin/{-$part}" params={{ part: 'audit' }} search={{ what: 'lock out' }}>
              {t('people.lockedOut')}
            </Link>
          )}
        </p>
        {found.length === 0 ? <p className="notice">{t('people.none')}</p> : <List people={found.slice(0, shown)} own={own} opened={search.person} />}
        {found.length > shown && (
          <p className="page-note">
            <button type="button" className="button" onClick={() => setShown(shown + SHOWN)}>
              {t('people.more', { shown, count: found.length })}
            </button>
          </p>
        )}
      </div>
      {search.make && mayChange && <MakePerson onMade={(id) => set(opening({ person: id, q: undefined, state: undefined }))} onClose={() => set({ make: undefined })} />}
      {person && !search.make && <Person key={person.id} account={person} mayChange={mayChange} isOwn={person.name === own} onClose={() => set({ person: undefined })} />}
    </div>
  );
}

interface ListProps {
  people: Account[];
  own: string | undefined;
  opened: number | undefined;
}

function List({ people, own, opened }: ListProps) {
  const t = useT();
  return (
    <div className="panel admin-list">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('people.name')}</th>
            <th scope="col">{t('people.account')}</th>
            <th scope="col">{t('people.role')}</th>
            <th scope="col">{t('people.state')}</th>
            <th scope="col">{t('people.passwordSet')}</th>
            <th scope="col" className="admin-lesser">
              {t('people.made')}
            </th>
          </tr>
        </thead>
        <tbody>
          {people.map((one) => (
            <tr key={one.id} data-link data-open={one.id === opened ? '' : undefined}>
              <th scope="row">
                <RowLink part="people" opens={{ person: one.id }} row={`person-${one.id}`} open={one.id === opened}>
                  {one.display}
                </RowLink>
                {one.name === own && <span className="muted"> {t('people.you')}</span>}
              </th>
              <td data-label={t('people.account')}>
                <code>{one.name}</code>
              </td>
              <td className="fixed" data-label={t('people.role')}>{t(`role.${one.role}`)}</td>
              <td className="fixed">
                <AccountState account={one} />
              </td>
              <td data-label={t('people.passwordSet')}>
                <Instant at={one.password_set} />
              </td>
              <td className="admin-lesser" data-label={t('people.made')}>
                <Instant at={one.created} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether an account can be signed in to; its own mark beside the colour. */
export function AccountState({ account: { disabled } }: { account: Account }) {
  const t = useT();
  return disabled ? <span className="state">{t('people.isDisabled')}</span> : <span className="muted">✓ {t('people.isOpen')}</span>;
}
