import { useInfiniteQuery } from '@tanstack/react-query';
import { json } from '../api/client';
import type { DeadLetter, DeadLetters } from '../api/types';
import { choice, useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure, StaleBar } from '../parts/Failure';
import { Toggle } from '../parts/Toggle';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import type { SourceSearch } from '../router';
import { Letter } from './Letter';
import { reasonText, useDetail } from './said';
import type { SetSearch } from './SourcePage';
import './letters.css';

interface Props {
  name: string;
  search: SourceSearch;
  set: SetSearch;
}

/** The door that rows come by which cannot be read: their letters name a row of the file that came. */
const PULL = 'pull';
/** Letters that are asked for at once. */
const PAGE = 100;

/** What of a source could not be taken: rows that could not be read, and rows that its mapping refused. Each opens to be dealt with. */
export function Letters({ name, search, set }: Props) {
  const t = useT();
  const { dealt = false, unread = false } = search;
  const letters = useInfiniteQuery({
    queryKey: ['source', name, 'letters', dealt, unread],
    queryFn: ({ signal, pageParam }) =>
      json<DeadLetters>(
        `/api/deadletters?${new URLSearchParams({ source: name, state: dealt ? 'all' : 'open', limit: String(PAGE), ...(unread && { door: PULL }), ...(pageParam !== undefined && { before: String(pageParam) }) })}`,
        { signal },
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => last.next_before ?? undefined,
  });
  const pages = letters.data?.pages;
  if (!pages) return letters.error ? <Failure error={letters.error} onRetry={() => void letters.refetch()} /> : <Waiting lines={8} />;
  const list = pages.flatMap((page) => page.dead_letters);
  return (
    <>
      <StaleBar error={letters.error} onRetry={() => void letters.refetch()} />
      <p className="page-note letters-bar">
        <span className="muted">{t('letters.open', { count: pages[0]?.open ?? 0 })}</span>
        <Toggle on={unread} onChange={(on) => set({ unread: on || undefined, letter: undefined })}>
          {t('letters.unread')}
        </Toggle>
        <Toggle on={dealt} onChange={(on) => set({ dealt: on || undefined, letter: undefined })}>
          {t('letters.dealt')}
        </Toggle>
      </p>
      {list.length === 0 ? (
        <p className="notice">{t(dealt ? 'letters.none' : 'letters.noneOpen')}</p>
      ) : (
        <div className="panel fold-list">
          {list.map((letter) => (
            <details
              key={letter.no}
              className="fold-row"
              open={search.letter === letter.no}
              onToggle={(event) => {
                const now = event.currentTarget.open;
                if (now !== (search.letter === letter.no)) set({ letter: now ? letter.no : undefined });
              }}
            >
              <summary data-item className="letter-line">
                <Line letter={letter} />
              </summary>
              {search.letter === letter.no && <Letter source={name} letter={letter} set={set} />}
            </details>
          ))}
        </div>
      )}
      {letters.hasNextPage && (
        <p className="page-note">
          <button type="button" className="button" {...acting(letters.isFetchingNextPage, () => void letters.fetchNextPage())}>
            {t('letters.more')}
          </button>
        </p>
      )}
    </>
  );
}

/** Where in what came: `results row 62, subject` of a row that the mapping refused, `row 41` of the file that came. */
function Where({ place, name }: { place: string; name: string }) {
  const t = useT();
  const [, table = name, no, element] = /^(?:(.+) )?row (\d+)(?:, (.+))?$/.exec(place) ?? [];
  return (
    <b className="letter-place">
      {no === undefined ? place || name : t('row.short', { table, no })} {element && <code className="muted">{element}</code>}
    </b>
  );
}

/** What is wrong, its reason in the reader's language. */
function What({ text }: { text: string }) {
  const t = useT();
  const [, code = '', message = text] = /^([a-z]+(?:-[a-z]+)*): (.*)$/s.exec(text) ?? [];
  const detail = useDetail(code, message);
  return (
    <>
      {code && reasonText(t, code)} {detail && <span className="muted" lang="en">{detail}</span>}
    </>
  );
}

/** One letter in a line: where, what, since when, and what became of it. */
function Line({ letter: { place, what, at, state, arrival } }: { letter: DeadLetter }) {
  const t = useT();
  return (
    <>
      <Where place={place} name={arrival.name} />
      <span className="letter-what">
        <What text={what} />
      </span>
      {state !== 'open' && <span className="muted fixed">✓ {t('letters.state', choice('state', state))}</span>}
      <span className="muted fixed">
        <At at={at} />
      </span>
    </>
  );
}
