import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { acting } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { PersonName } from '../parts/PersonName';
import { Waiting } from '../parts/Waiting';
import { whoText } from '../parts/who';
import type { IntakeSearch } from '../router';
import { useKeys, type Binding } from '../shell/keys';
import { Compared } from './Compared';
import { decide, fetchLink, merge, undo, type IdentityLink } from './identity';
import type { SetIntake } from './IntakePage';
import { mayChange } from './rights';
import { LINKS } from './SamePerson';
import { Score } from './Score';

interface Props {
  id: string;
  /** The list that one came by. */
  links: IdentityLink[];
  set: SetIntake;
  /** What was decided last. */
  decided: IdentityLink | undefined;
  onDecided: (link: IdentityLink | undefined) => void;
}

/** Two records that may be of one person: what speaks for it and against it, and the decision. */
export function LinkPage({ id, links, set, decided, onDecided }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = mayChange(useSession());
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const found = useQuery({ queryKey: ['intake', 'link', id], queryFn: ({ signal }) => fetchLink(id, signal) });
  const link = found.data;
  const at = links.findIndex((one) => one.id === id);
  // What was decided leaves the list: the next one is then where it stood.
  const [stood, setStood] = useState(at);
  if (at >= 0 && at !== stood) setStood(at);
  const after = links[at >= 0 ? at + 1 : stood]?.id;
  const before = links[stood - 1]?.id;

  const toList = useCallback(
    () =>
      void navigate({ to: '/intake/{-$part}', params: { part: 'same' }, search: ({ link: _link, ...rest }: IntakeSearch) => rest }).then(() =>
        requestAnimationFrame(() => (document.querySelector<HTMLElement>(`[data-row-link="${CSS.escape(id)}"]`) ?? document.querySelector<HTMLElement>('[data-row-link]') ?? document.querySelector<HTMLElement>('.intake-part'))?.focus()),
      ),
    [navigate, id],
  );
  const act = useMutation({
    mutationFn: (does: () => Promise<IdentityLink>) => does(),
    onSuccess: async (told) => {
      queries.setQueryData(['intake', 'link', told.id], told);
      void queries.invalidateQueries({ queryKey: ['waiting links'] });
      const listed = queries.invalidateQueries({ queryKey: LINKS });
      if (told.state === 'waiting') {
        onDecided(undefined);
        // It is in the list again before one is at it: from there one goes on.
        await listed;
        if (told.id !== id) set({ link: told.id });
      } else {
        onDecided(told);
        // On to the next; of the last one it is shown what was decided.
        if (told.id === id && after !== undefined) set({ link: after });
      }
    },
  });
  const run = useCallback((does: () => Promise<IdentityLink>) => !act.isPending && act.mutate(does), [act]);
  const isWaiting = link?.state === 'waiting';
  const undone = decided ?? (link && !isWaiting ? link : undefined);
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => after !== undefined && set({ link: after }) },
      { does: 'keys.previous', run: () => before !== undefined && set({ link: before }) },
      { fixed: 'Escape', does: 'keys.close', run: toList },
      ...(may && isWaiting
        ? ([
            { does: 'same.yes', run: () => run(() => decide(id, true)) },
            { does: 'same.no', run: () => run(() => decide(id, false)) },
          ] satisfies Binding[])
        : []),
      ...(may && undone ? [{ does: 'keys.undo', run: () => run(() => undo(undone.id)) } satisfies Binding] : []),
    ],
    [after, before, set, toList, may, isWaiting, undone, run, id],
  );
  useKeys(keys);
  return (
    <div className="page">
      <header className="letter-head">
        <Link to="/intake/{-$part}" params={{ part: 'same' }} search={({ link: _link, ...rest }: IntakeSearch) => rest} className="button" data-quiet>
          <span aria-hidden>←</span> {t('same.list')}
        </Link>
        <h2 ref={heading} tabIndex={-1}>
          {t('same.title')}
        </h2>
        {link && <Score score={link.score} />}
        <span className="spacer" />
        {at >= 0 && <span className="muted fixed">{t('letter.position', { at: at + 1, count: links.length })}</span>}
        <button type="button" className="button" disabled={before === undefined} onClick={() => before !== undefined && set({ link: before })} aria-label={t('keys.previous')}>
          <span aria-hidden>↑</span>
        </button>
        <button type="button" className="button" disabled={after === undefined} onClick={() => after !== undefined && set({ link: after })} aria-label={t('keys.next')}>
          <span aria-hidden>↓</span>
        </button>
      </header>
      {/* Of another one than is looked at. */}
      {decided && decided.id !== id && (
        <p className="notice intake-ways" role="status">
          <Decided link={decided} />
          {may && (
            <button type="button" className="button" {...acting(act.isPending, () => run(() => undo(decided.id)))}>
              {t('same.undo')} <kbd aria-hidden>u</kbd>
            </button>
          )}
        </p>
      )}
      {act.error && <Failure error={act.error} />}
      {!link && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={10} />)}
      {link && (
        <>
          {!isWaiting && (
            <div className="notice intake-lines" role="status">
              <p>
                <Decided link={link} />
              </p>
              <p className="muted">
                {link.decided && <Instant at={link.decided} />} {link.decided_by && whoText(t, link.decided_by)} {link.reason}
              </p>
            </div>
          )}
          {may && (
            <p className="intake-ways">
              {isWaiting ? (
                <>
                  <button type="button" className="button" data-primary {...acting(act.isPending, () => run(() => decide(id, true)))}>
                    {t('same.yes')} <kbd aria-hidden>y</kbd>
                  </button>
                  <button type="button" className="button" {...acting(act.isPending, () => run(() => decide(id, false)))}>
                    {t('same.no')} <kbd aria-hidden>n</kbd>
                  </button>
                </>
              ) : (
                <button type="button" className="button" {...acting(act.isPending, () => run(() => undo(id)))}>
                  {t('same.undo')} <kbd aria-hidden>u</kbd>
                </button>
              )}
            </p>
          )}
          <Compared link={link} />
          {may && (link.state === 'waiting' || link.state === 'same') && (
            <details className="same-merge">
              <summary>{t('same.merge')}</summary>
              <p className="muted">{t('same.mergeText')}</p>
              <p className="intake-ways">
                {link.patients.map(({ id: into, name }, n) => (
                  <button key={into} type="button" className="button" {...acting(act.isPending, () => run(() => merge(id, into)))}>
                    <span>
                      {t(n === 0 ? 'same.keepFirst' : 'same.keepSecond')} <PersonName name={{ text: name }} /> <code className="muted">{into}</code>
                    </span>
                  </button>
                ))}
              </p>
            </details>
          )}
        </>
      )}
    </div>
  );
}

/** What was decided, with whom it is about. */
function Decided({ link: { state, patients } }: { link: IdentityLink }) {
  const t = useT();
  return (
    <span>
      <PersonName name={{ text: patients[0].name }} /> · <PersonName name={{ text: patients[1].name }} />: {t('same.decided', { state })}
    </span>
  );
}
