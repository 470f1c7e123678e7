import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef } from 'react';
import type { TableSource } from '../api/types';
import { Codes, CurrentTables, Letters, MappingTab, RowPanel, Runs } from '../fetched';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Failure } from '../parts/Failure';
import { Empty, PageTitle } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import type { SourceSearch } from '../router';
import { Missing } from '../shell/Missing';
import { moveFocus, useFocusBack, useKeys, type Binding } from '../shell/keys';
import { DeliveryList } from './DeliveryList';
import { Pull } from './Pull';
import { useSources } from './queries';
import { Freshness } from './Freshness';
import '../parts/rows.css';
import '../parts/tabs.css';
import './sources.css';

const TABS = [
  { tab: undefined, word: 'source.deliveries' },
  { tab: 'tables', word: 'source.tables' },
  { tab: 'mapping', word: 'source.mapping' },
  { tab: 'runs', word: 'source.runs' },
  { tab: 'codes', word: 'source.codes' },
  { tab: 'letters', word: 'source.letters' },
] as const;
const ITEMS = '[data-item]';

/** What of the address changes; `undefined` takes it out. */
type Change = { [Name in keyof SourceSearch]?: SourceSearch[Name] | undefined };
export type SetSearch = (change: Change) => void;

/** One source of tables: what it delivered, what it has now, and what was made of it. */
export function SourcePage() {
  const t = useT();
  const navigate = useNavigate();
  const { name, tab } = useParams({ from: '/inside/sources/$name/{-$tab}' });
  const search = useSearch({ from: '/inside/sources/$name/{-$tab}' });
  const sources = useSources();
  const reads = useSession()?.features.includes('sql') ?? false;
  const { row } = search;
  const part = useRef<HTMLElement>(null);

  const set = useCallback<SetSearch>(
    (change) =>
      void navigate({
        to: '/sources/$name/{-$tab}',
        params: { name, tab },
        search: (before) => {
          const next: Record<string, unknown> = { ...before, ...change };
          for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
          return next;
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate, name, tab],
  );
  useFocusBack(row ? `[data-row="${CSS.escape(row)}"]` : '');

  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ITEMS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ITEMS, -1) },
      // Whoever goes to a part by its key is in it: the next Tab is of the part, not of the page's head.
      ...TABS.map(({ tab: to, word }): Binding => ({ does: word, run: () => void navigate({ to: '/sources/$name/{-$tab}', params: { name, tab: to } }).then(() => part.current?.focus()) })),
      { fixed: 'Escape', does: 'keys.close', run: () => set({ row: undefined }) },
    ],
    [navigate, name, set, part],
  );
  useKeys(keys);

  if (!TABS.some((known) => known.tab === tab)) return <Missing />;
  const source = sources.data?.tables.find((one) => one.name === name);
  if (!source) {
    if (sources.data) return <Missing />;
    return (
      <>
        <PageTitle quiet>{name}</PageTitle>
        {sources.error ? <Failure error={sources.error} onRetry={() => void sources.refetch()} /> : <Waiting lines={10} />}
      </>
    );
  }
  return (
    <div className="source" data-panel={reads && row ? '' : undefined}>
      <div className="page">
        <header className="page-head">
          <div>
            <PageTitle key={name}>{name}</PageTitle>
            <p className="page-under">
              <code>{source.path}</code>
              <span>
                <span className="muted">{t('sources.mapping')}</span> <code>{source.mapping}</code>
              </span>
              <span className="page-fresh">
                <Freshness source={source} named />
              </span>
            </p>
            <HowToChange source={source} />
          </div>
          {reads && <Pull name={name} />}
        </header>
        {!reads && (
          <Empty title={t('failure.denied.title')}>
            <p>{t('source.denied')}</p>
          </Empty>
        )}
        {reads && (
          <>
            <nav aria-label={t('source.parts')} className="tabs page-tabs">
              {TABS.map(({ tab: to, word }) => (
                <Link key={word} to="/sources/$name/{-$tab}" params={{ name, tab: to }} className="tab" activeOptions={{ exact: true, includeSearch: false }}>
                  {t(word)}
                </Link>
              ))}
            </nav>
            <section ref={part} tabIndex={-1} className="source-part" aria-label={t(TABS.find((one) => one.tab === tab)?.word ?? 'source.deliveries')}>
              {tab === undefined && <DeliveryList name={name} />}
              {tab === 'tables' && <CurrentTables name={name} search={search} set={set} />}
              {tab === 'mapping' && <MappingTab key={name} source={source} search={search} set={set} />}
              {tab === 'codes' && <Codes name={name} search={search} set={set} />}
              {tab === 'letters' && <Letters name={name} search={search} set={set} />}
              {tab === 'runs' && <Runs source={source} search={search} set={set} />}
            </section>
          </>
        )}
      </div>
      {reads && row && <RowPanel key={row} source={name} row={row} onClose={() => set({ row: undefined })} />}
    </div>
  );
}

/** How a source comes to deliver from elsewhere: a path is read, and a database asked, with the rights of the program. */
function HowToChange({ source: { name, path } }: { source: TableSource }) {
  const t = useT();
  const command = path.includes('://')
    ? `medweave source change ${name} --url postgres://USER@HOST/DATABASE\nmedweave source change ${name} --rows-per-second N --hours 01:00-05:00`
    : `medweave source change ${name} --path PATH\nmedweave source change ${name} --url postgres://USER@HOST/DATABASE`;
  return (
    <details className="source-change">
      <summary>{t('source.change')}</summary>
      <p className="muted">{t('source.changeHelp')}</p>
      <pre className="empty-command">
        <code>{command}</code>
      </pre>
    </details>
  );
}
