import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef } from 'react';
import type { Role, Session } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Empty, PageTitle } from '../parts/Page';
import type { AdminSearch } from '../router';
import { moveFocus, useFocusBack, useKeys, type Binding } from '../shell/keys';
import { Missing } from '../shell/Missing';
import { About } from './About';
import { Audit } from './Audit';
import { Health } from './Health';
import { ADMIN_PARTS, ROLE_OF } from './parts';
import { People } from './People';
import { Senders } from './Senders';
import { Tokens } from './Tokens';
import { Undoing } from './undo';
import '../sources/sources.css';
import '../parts/rows.css';
import '../parts/tabs.css';
import './admin.css';

const ITEMS = '[data-row-link], [data-item]';
/** What opens beside the list; each closes the others. */
const CLOSED = { make: undefined, person: undefined, sender: undefined, token: undefined } as const;

type Change = { [Name in keyof AdminSearch]?: AdminSearch[Name] | undefined };
export type SetAdmin = (change: Change) => void;

/** What every part is given: what of it the address asks for, and how that changes. */
export interface PartProps {
  search: AdminSearch;
  set: SetAdmin;
}

/** Opens one thing beside the list in place of what is open. */
export const opening = (change: Change): Change => ({ ...CLOSED, ...change });

/** What an administrator manages: people, tokens, senders; and what there is to look at: trails, health, version. */
export function AdminPage() {
  const session = useSession();
  if (!session) return null;
  return session.administers ? <Parts duties={session.duties} /> : <Denied needs="admin" />;
}

/** These pages need a role: which, which one the reader has, and whom to ask. Nothing is asked of the server that it would refuse. */
function Denied({ needs }: { needs: Role }) {
  const t = useT();
  const session = useSession();
  return (
    <>
      <PageTitle quiet>{t('place.admin')}</PageTitle>
      <Empty title={t('failure.denied.title')}>
        <p>{t('admin.denied.needs', { role: t(`role.${needs}`) })}</p>
        {session?.person && <p>{t('admin.denied.has', { account: session.person.account, role: t(`role.${session.person.role}`) })}</p>}
        <p>{t('admin.denied.ask')}</p>
        {session?.features.includes('patients') && (
          <p className="failure-ways">
            <Link to="/patients" search={{ q: '' }} className="button">
              {t('failure.toPatients')}
            </Link>
          </p>
        )}
      </Empty>
    </>
  );
}

function Parts({ duties }: { duties: Session['duties'] }) {
  const t = useT();
  const navigate = useNavigate();
  const { part: asked = ADMIN_PARTS[0].part } = useParams({ from: '/inside/admin/{-$part}' });
  const search = useSearch({ from: '/inside/admin/{-$part}' });
  const section = useRef<HTMLElement>(null);
  const known = ADMIN_PARTS.find(({ part }) => part === asked);
  const open = useMemo(() => ADMIN_PARTS.filter(({ duty }) => duty === undefined || duties.includes(duty)), [duties]);

  const set = useCallback<SetAdmin>(
    (change) =>
      void navigate({
        to: '/admin/{-$part}',
        params: { part: asked },
        search: (before) => {
          const next: Record<string, unknown> = { ...before, ...change };
          for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
          return next;
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate, asked],
  );

  const { make, person, sender, token } = search;
  const opened = person !== undefined ? `person-${person}` : sender !== undefined ? `sender-${sender}` : token !== undefined ? `token-${token}` : '';
  useFocusBack(opened ? `[data-row-link="${opened}"]` : make ? '[data-make]' : '');

  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ITEMS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ITEMS, -1) },
      // Whoever goes to a part by its key is in it: the next Tab is of the part, not of the page's head.
      ...open.map(({ part, word }): Binding => ({ does: word, run: () => void navigate({ to: '/admin/{-$part}', params: { part } }).then(() => section.current?.focus()) })),
      ...(asked === 'people' || asked === 'senders' || asked === 'tokens' ? [{ does: 'keys.make', run: () => set(opening({ make: true })) } satisfies Binding] : []),
      { fixed: 'Escape', does: 'keys.close', run: () => set(CLOSED) },
    ],
    [navigate, set, asked, section, open],
  );
  useKeys(keys);

  if (!known) return <Missing />;
  if (known.duty !== undefined && !duties.includes(known.duty)) return <Denied needs={ROLE_OF[known.duty]} />;
  return (
    <>
      <header className="page-head admin-head">
        <PageTitle>{t('place.admin')}</PageTitle>
      </header>
      <nav aria-label={t('admin.parts')} className="tabs page-tabs admin-tabs">
        {open.map(({ part, word }) => (
          <Link key={part} to="/admin/{-$part}" params={{ part }} className="tab" aria-current={part === asked ? 'page' : undefined}>
            {t(word)}
          </Link>
        ))}
      </nav>
      <Undoing>
        <section ref={section} tabIndex={-1} className="admin-part" aria-label={t(known.word)}>
          {asked === 'people' && <People search={search} set={set} />}
          {asked === 'tokens' && <Tokens search={search} set={set} />}
          {asked === 'senders' && <Senders search={search} set={set} />}
          {asked === 'audit' && <Audit search={search} set={set} />}
          {asked === 'health' && <Health />}
          {asked === 'about' && <About />}
        </section>
      </Undoing>
    </>
  );
}
