import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useMemo, useState } from 'react';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure, StaleBar } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Empty } from '../parts/Page';
import { PersonName } from '../parts/PersonName';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import type { IntakeSearch } from '../router';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import { fetchLinks, type IdentityLink } from './identity';
import type { PartProps } from './IntakePage';
import { LinkPage } from './LinkPage';
import { Score } from './Score';
import { LINK_STATES, type LinkState } from './states';

const ROWS = '[data-row-link]';
/** Others decide too, and what comes finds more. */
const AGAIN_MS = 10_000;
export const LINKS = ['intake', 'links'] as const;

export function useLinks(state: LinkState) {
  return useInfiniteQuery({
    queryKey: [...LINKS, state],
    queryFn: ({ signal, pageParam }) => fetchLinks(state, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_before ?? undefined,
    refetchInterval: AGAIN_MS,
  });
}

/** Records that may be of one person: a list, or two of them side by side. */
export function SamePerson({ search, set }: PartProps) {
  const state = search.links ?? 'waiting';
  const links = useLinks(state);
  // What was decided last, and can be taken back: also when the next one is looked at.
  const [decided, setDecided] = useState<IdentityLink>();
  if (search.link !== undefined) return <LinkPage key={search.link} id={search.link} links={links.data?.pages.flatMap((page) => page.links) ?? []} set={set} decided={decided} onDecided={setDecided} />;
  return <List state={state} links={links} set={set} />;
}

interface ListProps extends Pick<PartProps, 'set'> {
  state: LinkState;
  links: ReturnType<typeof useLinks>;
}

function List({ state, links: found, set }: ListProps) {
  const t = useT();
  const id = useId();
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
    ],
    [],
  );
  useKeys(keys);
  const pages = found.data?.pages;
  const links = pages?.flatMap((page) => page.links);
  return (
    <div className="page">
      <StaleBar error={pages && found.error} onRetry={() => void found.refetch()} />
      <div className="intake-bar">
        <span className="intake-labelled">
          <label htmlFor={id}>{t('intake.state')}</label>
          <select id={id} className="input intake-choice" value={state} onChange={(event) => set({ links: LINK_STATES.find((one) => one === event.target.value && one !== 'waiting') })}>
            {LINK_STATES.map((one) => (
              <option key={one} value={one}>
                {t('same.state', { state: one })}
              </option>
            ))}
          </select>
        </span>
      </div>
      <p className="page-note muted intake-facts">
        <span role="status">{t('same.waiting', { count: pages?.[0]?.waiting ?? 0 })}</span>
        <AsOf at_ms={found.dataUpdatedAt} />
      </p>
      {!links && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={8} />)}
      {links?.length === 0 && (
        <Empty title={t(state === 'waiting' ? 'same.none.title' : 'same.noMatch')}>
          <p>{t('same.none.text')}</p>
        </Empty>
      )}
      {links && links.length > 0 && (
        <div className="panel intake-list">
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">{t('same.first')}</th>
                <th scope="col">{t('same.second')}</th>
                <th scope="col">{t('same.score')}</th>
                <th scope="col">{t('same.found')}</th>
                <th scope="col">{t('intake.state')}</th>
              </tr>
            </thead>
            <tbody>
              {links.map((link) => (
                <tr key={link.id} data-link>
                  <th scope="row">
                    <Link to="/intake/{-$part}" params={{ part: 'same' }} search={(before: IntakeSearch) => ({ ...before, link: link.id })} className="row-link" data-row-link={link.id}>
                      <PersonName name={{ text: link.patients[0].name }} />
                    </Link>
                  </th>
                  <td data-label={t('same.second')}>
                    <PersonName name={{ text: link.patients[1].name }} />
                  </td>
                  <td data-label={t('same.score')}>
                    <Score score={link.score} />
                  </td>
                  <td data-label={t('same.found')}>
                    {link.found ? <Instant at={link.found} /> : <span className="muted">{t('same.byMessage')}</span>}
                  </td>
                  <td>{t('same.state', { state: link.state })}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
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
