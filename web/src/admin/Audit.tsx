import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { json } from '../api/client';
import type { AccountEvents, Reads } from '../api/types';
import { useT } from '../i18n';
import { useZone } from '../live/session';
import { acting } from '../parts/acting';
import { Failure, StaleBar } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { AsOf } from '../parts/When';
import type { PartProps } from './AdminPage';
import { Instant } from '../parts/Instant';
import { AT_ONCE, matching, mayGoOn, newest, older, type Stretch, type TrailRow } from './trail';
import { TrailFilter } from './TrailFilter';
import { TrailList } from './TrailList';

const TRAILS = [undefined, 'records'] as const;
/** Each look at a trail is itself a row of it: it is asked for when somebody asks, and never by itself. */
const ONCE = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false, refetchOnMount: false } as const;

/** The two trails: what was done to accounts, and who was given what of the records. */
export function Audit({ search, set }: PartProps) {
  const t = useT();
  return (
    <div className="page">
      <p className="admin-bar" role="group" aria-label={t('audit.which')}>
        {TRAILS.map((trail) => (
          <button
            key={trail ?? 'accounts'}
            type="button"
            className="button"
            aria-pressed={search.trail === trail}
            // What is asked of one trail means nothing in the other, but for who and when.
            onClick={() => set({ trail, what: undefined, about: undefined, patient: undefined })}
          >
            {t(`audit.trail.${trail ?? 'accounts'}`)}
          </button>
        ))}
      </p>
      {search.trail === 'records' ? <Records search={search} set={set} /> : <Accounts search={search} set={set} />}
    </div>
  );
}

const ofAccount = ({ seq, at, who, what, target, outcome, from }: AccountEvents['events'][number]): TrailRow => ({ key: String(seq), at, who, what, target, outcome, from });

function Accounts({ search, set }: PartProps) {
  const t = useT();
  const zone = useZone();
  const trail = useInfiniteQuery({
    queryKey: ['admin', 'trail'],
    queryFn: async ({ signal, pageParam }): Promise<Stretch> => {
      const ask = async (after: number, limit: number) => (await json<AccountEvents>(`/api/audit/accounts?${new URLSearchParams({ after: String(after), limit: String(limit) })}`, { signal })).events.map(ofAccount);
      if (pageParam !== undefined) return older(ask, pageParam);
      // The trail is told from its beginning, in which nobody is interested first; one's own last row is near its end.
      const own = await json<AccountEvents>('/api/me/events?limit=1', { signal });
      return newest(ask, own.events[0]?.seq ?? 0);
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.first > 1 ? last.first : undefined),
    ...ONCE,
  });
  const pages = trail.data?.pages;
  const rows = pages?.flatMap((page) => page.rows) ?? [];
  const oldest = rows.at(-1);
  const again = () => void trail.refetch();
  return (
    <>
      <p className="page-note muted">{t('audit.accountsText')}</p>
      <p className="page-note muted">
        {t('audit.chain')} <code>medweave doctor</code>
      </p>
      <TrailFilter search={search} set={set} deeds />
      {!pages && (trail.error ? <Failure error={trail.error} onRetry={again} /> : <Waiting lines={10} />)}
      {pages && (
        <>
          <StaleBar error={trail.error} onRetry={again} />
          <Found rows={rows} found={matching(rows, search, zone)} at_ms={trail.dataUpdatedAt} busy={trail.isFetching} onAgain={again} set={set} name="accounts">
            {oldest && <Looked first={oldest} all={!trail.hasNextPage} />}
          </Found>
          {trail.hasNextPage && mayGoOn(oldest, search.since, zone) && (
            <p className="page-note">
              <button type="button" className="button" {...acting(trail.isFetching, () => void trail.fetchNextPage())}>
                {t('audit.older', { count: Math.min(AT_ONCE, (pages.at(-1)?.first ?? 1) - 1) })}
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}

function Records({ search, set }: PartProps) {
  const t = useT();
  const zone = useZone();
  const { patient } = search;
  const reads = useQuery({
    queryKey: ['admin', 'reads', patient ?? ''],
    queryFn: async ({ signal }): Promise<TrailRow[]> => {
      const { events } = await json<Reads>(`/api/audit/reads?${new URLSearchParams({ limit: String(AT_ONCE), ...(patient && { patient }) })}`, { signal });
      return events.map(({ at, who, from, action, query, outcome, count }, n) => ({
        // Counted from the oldest: those that come later change no key.
        key: `${at} ${events.length - n}`, at, who, what: action, target: query, outcome, from, count,
      }));
    },
    ...ONCE,
  });
  const rows = reads.data;
  const oldest = rows?.at(-1);
  const again = () => void reads.refetch();
  return (
    <>
      <p className="page-note muted">{t('audit.recordsText')}</p>
      <TrailFilter search={search} set={set} patient kinds={[...new Set(rows?.map((row) => row.what))].toSorted()} />
      {!rows && (reads.error ? <Failure error={reads.error} onRetry={again} /> : <Waiting lines={10} />)}
      {rows && (
        <>
          <StaleBar error={reads.error} onRetry={again} />
          <Found rows={rows} found={matching(rows, search, zone)} at_ms={reads.dataUpdatedAt} busy={reads.isFetching} onAgain={again} set={set} name="records">
            {oldest && <Looked first={oldest} all={rows.length < AT_ONCE} />}
          </Found>
          {rows.length >= AT_ONCE && <p className="notice">{t('audit.noOlder', { count: rows.length })}</p>}
        </>
      )}
    </>
  );
}

/** How far back was looked. */
function Looked({ first, all }: { first: TrailRow; all: boolean }) {
  const t = useT();
  return (
    <span>
      {t(all ? 'audit.lookedAll' : 'audit.looked')} <Instant at={first.at} />
    </span>
  );
}

interface FoundProps {
  rows: TrailRow[];
  found: TrailRow[];
  at_ms: number;
  busy: boolean;
  onAgain: () => void;
  set: PartProps['set'];
  name: 'accounts' | 'records';
  children: ReactNode;
}

/** What was found, out of how much. */
function Found({ rows, found, at_ms, busy, onAgain, set, name, children }: FoundProps) {
  const t = useT();
  return (
    <>
      <p className="page-note muted admin-facts">
        <span role="status">{t('audit.found', { found: found.length, count: rows.length })}</span>
        {children}
        <AsOf at_ms={at_ms} />
        <button type="button" className="row-button" {...acting(busy, onAgain)}>
          {t('audit.again')}
        </button>
      </p>
      {found.length === 0 ? <p className="notice">{t(rows.length === 0 ? 'audit.empty' : 'audit.noMatch')}</p> : <TrailList rows={found} name={name} set={set} />}
    </>
  );
}
