import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef } from 'react';
import type { Session } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Empty, PageTitle } from '../parts/Page';
import type { IntakeSearch } from '../router';
import { useKeys, type Binding } from '../shell/keys';
import { Missing } from '../shell/Missing';
import { LetterPage } from './LetterPage';
import { Log } from './Log';
import { INTAKE_PARTS } from './parts';
import { Refused } from './Refused';
import { SamePerson } from './SamePerson';
import { Senders } from './Senders';
import '../sources/sources.css';
import '../parts/rows.css';
import '../parts/tabs.css';
import './intake.css';

type Change = { [Name in keyof IntakeSearch]?: IntakeSearch[Name] | undefined };
export type SetIntake = (change: Change) => void;

/** What every part is given: what of it the address asks for, and how that changes. */
export interface PartProps {
  search: IntakeSearch;
  set: SetIntake;
}

/** What comes in: who sends, the arrivals as they come, what could not be taken, and people who may be one. */
export function IntakePage() {
  const session = useSession();
  if (!session) return null;
  return session.features.includes('sql') ? <Parts features={session.features} /> : <Denied />;
}

/** What came is of all patients: nothing is asked of the server that it would refuse. */
function Denied() {
  const t = useT();
  const session = useSession();
  return (
    <>
      <PageTitle quiet>{t('place.intake')}</PageTitle>
      <Empty title={t('failure.denied.title')}>
        <p>{t('intake.denied.needs')}</p>
        {session?.person && <p>{t('intake.denied.has', { account: session.person.account, role: t(`role.${session.person.role}`) })}</p>}
        <p>{t('intake.denied.ask')}</p>
      </Empty>
    </>
  );
}

function Parts({ features }: { features: Session['features'] }) {
  const t = useT();
  const navigate = useNavigate();
  const { part: asked = INTAKE_PARTS[0].part } = useParams({ from: '/inside/intake/{-$part}' });
  const search = useSearch({ from: '/inside/intake/{-$part}' });
  const section = useRef<HTMLElement>(null);
  const open = useMemo(() => INTAKE_PARTS.filter(({ feature }) => feature === undefined || features.includes(feature)), [features]);
  const known = open.find(({ part }) => part === asked);

  const set = useCallback<SetIntake>(
    (change) =>
      void navigate({
        to: '/intake/{-$part}',
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

  const keys = useMemo<Binding[]>(
    // Whoever goes to a part by its key is in it: the next Tab is of the part, not of the page's head.
    () => open.map(({ part, word }): Binding => ({ does: word, run: () => void navigate({ to: '/intake/{-$part}', params: { part } }).then(() => section.current?.focus()) })),
    [navigate, open, section],
  );
  useKeys(keys);

  if (!known) return <Missing />;
  return (
    <>
      <header className="page-head intake-head">
        <PageTitle>{t('place.intake')}</PageTitle>
      </header>
      <nav aria-label={t('intake.parts')} className="tabs page-tabs intake-tabs">
        {open.map(({ part, word }) => (
          <Link key={part} to="/intake/{-$part}" params={{ part }} className="tab" aria-current={part === asked ? 'page' : undefined}>
            {t(word)}
          </Link>
        ))}
      </nav>
      <section ref={section} tabIndex={-1} className="intake-part" aria-label={t(known.word)}>
        {asked === 'senders' && <Senders />}
        {asked === 'live' && <Log search={search} set={set} />}
        {asked === 'refused' && (search.letter === undefined ? <Refused search={search} set={set} /> : <LetterPage key={search.letter} no={search.letter} search={search} set={set} />)}
        {asked === 'same' && <SamePerson search={search} set={set} />}
      </section>
    </>
  );
}
