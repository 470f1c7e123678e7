import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { json } from '../api/client';
import type { Chart } from '../api/types';
import { MedicinesTab, NotesTab, PrintView, VitalsTab, WhereFrom } from '../fetched';
import { useT } from '../i18n';
import { useFollow } from '../live/follow';
import { useZone } from '../live/session';
import { Banner } from '../parts/Banner';
import { Failure, StaleBar } from '../parts/Failure';
import { PageTitle } from '../parts/Page';
import { foreignOffset, zoneName } from '../parts/time';
import { Toggle } from '../parts/Toggle';
import { Waiting } from '../parts/Waiting';
import { AsOf, ZONE_MARK } from '../parts/When';
import { placeOf } from '../patients/list';
import type { ChartSearch } from '../router';
import { Missing } from '../shell/Missing';
import { keysOf } from '../shell/keymap';
import { moveFocus, useFocusBack, useKeys, type Binding } from '../shell/keys';
import { Encounters } from './Encounters';
import { Labs } from './Labs';
import { partsOf, type Part } from './labs';
import { ListSteps } from './ListSteps';
import { Summary } from './Summary';
import '../parts/tabs.css';
import './chart.css';

type TabWord = 'chart.summary' | 'chart.labs' | 'chart.vitals' | 'chart.notes' | 'chart.medications' | 'chart.other' | 'chart.encounters';

const TABS: { tab: string | undefined; word: TabWord; part?: Part }[] = [
  { tab: undefined, word: 'chart.summary' },
  { tab: 'labs', word: 'chart.labs', part: 'labs' },
  { tab: 'vitals', word: 'chart.vitals' },
  { tab: 'notes', word: 'chart.notes' },
  { tab: 'medications', word: 'chart.medications' },
  { tab: 'other', word: 'chart.other', part: 'other' },
  { tab: 'encounters', word: 'chart.encounters' },
];
/** The summary for paper: no tab, and a way of its own. */
const PRINT = 'print';
/** Tabs that show more than the chart brings, and count for themselves what of it was entered in error. */
const OWN_ERRORS: ReadonlySet<string | undefined> = new Set(['notes', 'medications']);
const ITEMS = '[data-item]';

/** What of the address changes; `undefined` takes it out. */
export type Change = { [Name in keyof ChartSearch]?: ChartSearch[Name] | undefined };

/** Opens where a record came from; `field` is the element that a value stands in. */
export type OpenWhere = (ref: string, field?: string) => void;

export function ChartPage() {
  const t = useT();
  const navigate = useNavigate();
  const { id, tab } = useParams({ from: '/inside/p/$id/{-$tab}' });
  const search = useSearch({ from: '/inside/p/$id/{-$tab}' });
  const chart = useQuery({
    queryKey: ['chart', id],
    queryFn: ({ signal }) => json<Chart>(`/api/chart/${encodeURIComponent(id)}`, { signal }),
  });
  useFollow(['chart', id], { patient: id });
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
  const closeWhere = useCallback(() => set({ where: undefined, field: undefined }), [set]);
  useFocusBack(where ? `[data-ref="${CSS.escape(where)}"]${field ? `[data-field="${CSS.escape(field)}"]` : ''}` : '');
  const data = chart.data;
  const tabs = useMemo(() => {
    const parts = data ? partsOf(data, errors) : new Set<Part>();
    // What hardly any record has gets a place only where there is something.
    return TABS.filter((one) => one.part !== 'other' || parts.has('other') || one.tab === tab);
  }, [data, errors, tab]);

  const keys = useMemo<Binding[]>(() => {
    const { previous, next } = placeOf(id) ?? {};
    const go = (to: string) => void navigate({ to: '/p/$id/{-$tab}', params: { id: to, tab }, search: errors ? { errors } : {} });
    return [
      { does: 'keys.next', run: () => moveFocus(ITEMS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ITEMS, -1) },
      {
        does: 'keys.where',
        run: () => {
          const item = document.activeElement?.closest<HTMLElement>('[data-ref]');
          if (item?.dataset['ref']) openWhere(item.dataset['ref'], item.dataset['field']);
          // What is shown already stays; of nothing in particular, it is the note that is read or the patient.
          else if (!where) openWhere(search.note ?? `Patient/${id}`);
        },
      },
      ...tabs.map(({ tab: to, word }): Binding => ({
        does: word,
        run: () => void navigate({ to: '/p/$id/{-$tab}', params: { id, tab: to }, search: errors ? { errors } : {} }),
      })),
      { does: 'chart.print', run: () => void navigate({ to: '/p/$id/{-$tab}', params: { id, tab: PRINT }, search: {} }) },
      ...(previous === undefined ? [] : [{ does: 'keys.previousPatient', run: () => go(previous) } as const]),
      ...(next === undefined ? [] : [{ does: 'keys.nextPatient', run: () => go(next) } as const]),
      { fixed: 'Escape', does: 'keys.close', run: () => (where ? closeWhere() : set({ test: undefined, note: undefined, version: undefined })) },
    ];
  }, [navigate, id, tab, tabs, errors, openWhere, closeWhere, where, search.note, set]);
  useKeys(keys);

  const open = TABS.find((known) => known.tab === tab);
  if (!open && tab !== PRINT) return <Missing />;
  if (!data) {
    return (
      <>
        <PageTitle quiet>{t('chart.title')}</PageTitle>
        {chart.error ? <Failure error={chart.error} onRetry={() => void chart.refetch()} /> : <Waiting lines={14} />}
      </>
    );
  }
  const way = where && <WhereFrom key={`${where} ${field ?? ''}`} patient={id} reference={where} field={field} onClose={closeWhere} />;
  if (!open) {
    return (
      <div className="chart" data-panel={where ? '' : undefined}>
        <div className="chart-main">
          <PageTitle quiet>{t('chart.print')}</PageTitle>
          <StaleBar error={chart.error} onRetry={() => void chart.refetch()} />
          <PrintView chart={data} search={search} set={set} openWhere={openWhere} />
        </div>
        {way}
      </div>
    );
  }
  return (
    <div className="chart" data-panel={where ? '' : undefined}>
      <Banner chart={data} />
      <div className="chart-main">
        <PageTitle key={id} quiet>
          {t('chart.title')}
        </PageTitle>
        <StaleBar error={chart.error} onRetry={() => void chart.refetch()} />
        <div className="chart-head">
          <nav aria-label={t('chart.parts')} className="tabs">
            {tabs.map(({ tab: to, word }) => (
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
          <Facts chart={data} errors={errors} counts={!OWN_ERRORS.has(tab)} onErrors={(on) => set({ errors: on || undefined })} updated_ms={chart.dataUpdatedAt} live={!chart.error && !chart.isFetching} />
        </div>
        <Bounds chart={data} />
        {tab === undefined && <Summary chart={data} errors={errors} openWhere={openWhere} />}
        {open.part && <Labs key={open.part} chart={data} part={open.part} errors={errors} search={search} set={set} openWhere={openWhere} />}
        {tab === 'vitals' && <VitalsTab chart={data} errors={errors} search={search} set={set} openWhere={openWhere} />}
        {tab === 'notes' && <NotesTab chart={data} errors={errors} search={search} set={set} openWhere={openWhere} />}
        {tab === 'medications' && <MedicinesTab chart={data} errors={errors} search={search} set={set} openWhere={openWhere} />}
        {tab === 'encounters' && <Encounters chart={data} errors={errors} openWhere={openWhere} />}
      </div>
      {way}
    </div>
  );
}

interface FactsProps {
  chart: Chart;
  errors: boolean;
  /** Whether it is said here how much was entered in error. */
  counts: boolean;
  onErrors: (on: boolean) => void;
  updated_ms: number;
  live: boolean;
}

/** What holds for the whole chart: the list one came from, records entered in error, the clock, how old this is. */
function Facts({ chart, errors, counts, onErrors, updated_ms, live }: FactsProps) {
  const t = useT();
  const zone = useZone();
  const count = errorCount(chart);
  const foreign = useMemo(
    () => [...chart.results.map((r) => r.at), ...chart.encounters.map((e) => e.start)].some((at) => at !== undefined && foreignOffset(at, zone) !== undefined),
    [chart, zone],
  );
  return (
    <div className="chart-facts">
      {counts && (count > 0 || errors) && (
        <Toggle on={errors} onChange={onErrors}>
          {t('chart.showErrors', { count })}
        </Toggle>
      )}
      <span className="muted">
        {t('chart.zone', { zone: zoneName(zone) })}
        {foreign && ` · ${t('chart.foreignZone', { mark: ZONE_MARK })}`} · <AsOf at_ms={updated_ms} live={live} />
      </span>
      <Link to="/p/$id/{-$tab}" params={{ id: chart.patient.id, tab: PRINT }} className="button" title={`${t('chart.print')} (${keysOf('chart.print')})`}>
        {t('chart.printWord')}
      </Link>
      <ListSteps id={chart.patient.id} />
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
