import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { Switch } from 'react-aria-components';
import { json } from '../api/client';
import type { Chart } from '../api/types';
import { useT, type Key } from '../i18n';
import { useZone } from '../live/session';
import { Banner } from '../parts/Banner';
import { Failure, StaleBar } from '../parts/Failure';
import { PageTitle } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Ago } from '../parts/When';
import { WhereFrom } from '../parts/WhereFrom';
import type { ChartSearch } from '../router';
import { Missing } from '../shell/Missing';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import { Encounters } from './Encounters';
import { Labs } from './Labs';
import { Summary } from './Summary';
import './chart.css';

const TABS: { tab: string | undefined; word: Key; key: string }[] = [
  { tab: undefined, word: 'chart.summary', key: '1' },
  { tab: 'labs', word: 'chart.labs', key: '2' },
  { tab: 'encounters', word: 'chart.encounters', key: '3' },
];
const ITEMS = '[data-item]';

/** What of the address changes; `undefined` takes it out. */
type Change = { [Name in keyof ChartSearch]?: ChartSearch[Name] | undefined };

/** Opens where a record came from; `field` is the element that a value stands in. */
export type OpenWhere = (ref: string, field?: string) => void;

export function ChartPage() {
  const t = useT();
  const navigate = useNavigate();
  const zone = useZone();
  const { id, tab } = useParams({ from: '/inside/p/$id/{-$tab}' });
  const search = useSearch({ from: '/inside/p/$id/{-$tab}' });
  const chart = useQuery({
    queryKey: ['chart', id],
    queryFn: ({ signal }) => json<Chart>(`/api/chart/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 15_000,
  });
  const { where, field, errors = false } = search;

  const set = useCallback(
    (change: Change) =>
      void navigate({
        to: '/p/$id/{-$tab}',
        params: { id, tab },
        search: (before) => {
          const next: Record<string, unknown> = { ...before, ...change };
          for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
          return next;
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate, id, tab],
  );
  const openWhere = useCallback<OpenWhere>((ref, of) => set({ where: ref, field: of }), [set]);
  const closeWhere = useCallback(() => {
    set({ where: undefined, field: undefined });
    // Focus goes back to what opened the panel.
    if (where) document.querySelector<HTMLElement>(`[data-ref="${CSS.escape(where)}"]${field ? `[data-field="${CSS.escape(field)}"]` : ''}`)?.focus();
  }, [set, where, field]);

  const keys = useMemo<Binding[]>(
    () => [
      { keys: 'j', does: 'keys.next', run: () => moveFocus(ITEMS, 1) },
      { keys: 'k', does: 'keys.previous', run: () => moveFocus(ITEMS, -1) },
      {
        keys: 'w',
        does: 'keys.where',
        run: () => {
          const item = document.activeElement?.closest<HTMLElement>('[data-ref]');
          openWhere(item?.dataset['ref'] ?? `Patient/${id}`, item?.dataset['field']);
        },
      },
      ...TABS.map(({ tab: to, word, key }): Binding => ({
        keys: key,
        does: word,
        run: () => void navigate({ to: '/p/$id/{-$tab}', params: { id, tab: to }, search: errors ? { errors } : {} }),
      })),
      { keys: 'Escape', does: 'keys.close', run: () => (where ? closeWhere() : set({ test: undefined })) },
    ],
    [navigate, id, errors, openWhere, closeWhere, where, set],
  );
  useKeys(keys);

  if (!TABS.some((known) => known.tab === tab)) return <Missing />;
  if (!chart.data) {
    return (
      <>
        <PageTitle quiet>{t('chart.title')}</PageTitle>
        {chart.error ? <Failure error={chart.error} onRetry={() => void chart.refetch()} /> : <Waiting lines={14} />}
      </>
    );
  }
  const data = chart.data;
  return (
    <div className="chart" data-panel={where ? '' : undefined}>
      <Banner patient={data.patient} allergies={data.allergies} allergiesKnown={!data.withheld.includes('AllergyIntolerance')} />
      <div className="chart-main">
        <PageTitle quiet>{t('chart.title')}</PageTitle>
        <StaleBar error={chart.error} onRetry={() => void chart.refetch()} />
        <div className="chart-head">
          <nav aria-label={t('chart.parts')} className="tabs">
            {TABS.map(({ tab: to, word }) => (
              <Link
                key={word}
                to="/p/$id/{-$tab}"
                params={{ id, tab: to }}
                search={errors ? { errors } : {}}
                className="tab"
                activeOptions={{ exact: true, includeSearch: false }}
              >
                {t(word)}
              </Link>
            ))}
          </nav>
          <div className="chart-facts">
            <Switch className="switch" isSelected={errors} onChange={(on) => set({ errors: on || undefined })}>
              <span className="switch-track" aria-hidden />
              {t('chart.showErrors', { count: errorCount(data) })}
            </Switch>
            <span className="muted">
              {t('chart.zone', { zone })} · {t('value.asOf')} <Ago at_ms={chart.dataUpdatedAt} />
            </span>
          </div>
        </div>
        <Bounds chart={data} />
        {tab === undefined && <Summary chart={data} errors={errors} openWhere={openWhere} />}
        {tab === 'labs' && <Labs chart={data} errors={errors} search={search} set={set} openWhere={openWhere} />}
        {tab === 'encounters' && <Encounters chart={data} errors={errors} openWhere={openWhere} />}
      </div>
      {where && <WhereFrom key={`${where} ${field ?? ''}`} reference={where} field={field} onClose={closeWhere} />}
    </div>
  );
}

/** What this chart does not hold, said rather than left out in silence. */
function Bounds({ chart }: { chart: Chart }) {
  const t = useT();
  return (
    <>
      {chart.truncated.length > 0 && <p className="notice" data-kind="warn">{t('chart.truncated', { types: chart.truncated.join(', ') })}</p>}
      {chart.withheld.length > 0 && <p className="notice" data-kind="warn">{t('chart.withheld', { types: chart.withheld.join(', ') })}</p>}
    </>
  );
}

function errorCount(chart: Chart): number {
  return (
    [...chart.problems, ...chart.allergies].filter((item) => item.verification === 'entered-in-error').length +
    [...chart.medications, ...chart.encounters, ...chart.results].filter((item) => item.status === 'entered-in-error').length
  );
}
