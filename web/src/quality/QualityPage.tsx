import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useId, useMemo, useState } from 'react';
import { json } from '../api/client';
import type { Quality, QualityOutcomes, QualityRun as Run } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure, StaleBar } from '../parts/Failure';
import { Empty, PageTitle } from '../parts/Page';
import { Waiting } from '../parts/Waiting';
import { Ago, At } from '../parts/When';
import { Who } from '../parts/Who';
import type { QualitySearch } from '../router';
import { begin, dismiss, stop, useAct } from '../sources/acts';
import { Running, Said } from '../sources/Pull';
import { moveFocus, useFocusBack, useKeys, type Binding } from '../shell/keys';
import { CheckList } from './CheckList';
import { CheckPanel } from './CheckPanel';
import { Matrix } from './Matrix';
import { definitionsText } from './words';
import '../sources/sources.css';
import '../parts/rows.css';
import './quality.css';

/** The run of checks that goes on. */
const ACT = 'quality';
const ITEMS = '[data-item]';
/** What checks can be run over: the tables of FHIR are quick, those of OMOP are many. */
const SCOPES = ['fhir', 'omop', 'all'] as const;
type Scope = (typeof SCOPES)[number];

type Change = { [Name in keyof QualitySearch]?: QualitySearch[Name] | undefined };
export type SetQuality = (change: Change) => void;

/** What is right and wrong with the data: checks by table, how that went from run to run, and the rows that are meant. */
export function QualityPage() {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const search = useSearch({ from: '/inside/quality' });
  const quality = useQuery({ queryKey: ['quality'], queryFn: ({ signal }) => json<Quality>('/api/quality', { signal }) });
  const run = quality.data?.runs.find((one) => one.run === search.run) ?? quality.data?.runs[0];
  const outcomes = useQuery({
    queryKey: ['quality', 'run', run?.run],
    queryFn: ({ signal }) => json<QualityOutcomes>(`/api/quality/runs/${run?.run}`, { signal }),
    enabled: run !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [scope, setScope] = useState<Scope>('fhir');
  const select = useId();
  const act = useAct(ACT);
  const runAll = () =>
    void begin(ACT, '/api/quality/runs', scope === 'all' ? {} : { only: [scope] }, () => {
      void queries.invalidateQueries({ queryKey: ['quality'] });
    });

  const set = useCallback<SetQuality>(
    (change) =>
      void navigate({
        to: '/quality',
        search: (before) => {
          const next: Record<string, unknown> = { ...before, ...change };
          for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
          return next;
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const { check } = search;
  useFocusBack(check ? `[data-check="${CSS.escape(check)}"]` : '');
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ITEMS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ITEMS, -1) },
      { fixed: 'Escape', does: 'keys.close', run: () => set({ check: undefined }) },
    ],
    [set],
  );
  useKeys(keys);

  const { data } = quality;
  return (
    <div className="quality" data-panel={check ? '' : undefined}>
      <div className="page">
        <StaleBar error={data && quality.error} onRetry={() => void quality.refetch()} />
        <header className="page-head">
          <div>
            <PageTitle>{t('quality.title')}</PageTitle>
            {data && (
              <p className="page-under">
                <span>{t('quality.definitions', { count: data.checks, definitions: definitionsText(t, data.definitions) })}</span>
                <span className="muted">{data.vocabulary ? t('quality.vocabulary', { version: data.vocabulary }) : t('quality.noVocabulary')}</span>
              </p>
            )}
          </div>
          {data && (
            <span className="quality-ask">
              <label htmlFor={select} className="muted">
                {t('quality.scope')}
              </label>
              <select id={select} className="input" value={scope} onChange={(event) => setScope(SCOPES.find((one) => one === event.target.value) ?? 'fhir')}>
                {SCOPES.map((one) => (
                  <option key={one} value={one}>
                    {t(`quality.scope.${one}`)}
                  </option>
                ))}
              </select>
              <button type="button" className="button" data-primary {...acting(act?.running, runAll)}>
                {act?.running ? t('quality.running') : t('quality.run')}
              </button>
            </span>
          )}
        </header>
        {(act?.running || act?.stopped || act?.error) && (
          <div className="act" role="status">
            {act.running && <Running act={act} onStop={() => stop(ACT)} />}
            {act.stopped && <Said onClose={() => dismiss(ACT)}>{t('quality.stopped')}</Said>}
            {act.error && <Failure error={act.error} />}
          </div>
        )}
        {!data && (quality.error ? <Failure error={quality.error} onRetry={() => void quality.refetch()} /> : <Waiting lines={10} />)}
        {data && !run && (
          <Empty title={t('quality.none.title')} command="medweave omop check">
            <p>{t('quality.none.text')}</p>
          </Empty>
        )}
        {data && run && <Runs runs={data.runs} shown={run} onRun={(no) => set({ run: no === data.runs[0]?.run ? undefined : no })} />}
        {run && !outcomes.data && (outcomes.error ? <Failure error={outcomes.error} onRetry={() => void outcomes.refetch()} /> : <Waiting lines={10} />)}
        {outcomes.data && <Matrix outcomes={outcomes.data.outcomes} search={search} set={set} />}
        {outcomes.data && <CheckList outcomes={outcomes.data.outcomes} search={search} set={set} />}
      </div>
      {check && <CheckPanel key={check} check={check} onClose={() => set({ check: undefined })} />}
    </div>
  );
}

interface RunsProps {
  runs: Run[];
  shown: Run;
  onRun: (run: number) => void;
}

/** How it went from run to run: a bar each, as high as its share of failed checks; a press shows that run. */
function Runs({ runs, shown, onRun }: RunsProps) {
  const t = useT();
  const drawn = runs.slice(0, BARS).toReversed();
  const most = Math.max(0.01, ...drawn.map((run) => share(run)));
  return (
    <section aria-label={t('quality.trend')} className="quality-runs">
      <p>
        <b>{t('quality.runNo', { run: shown.run })}</b> · <At at={shown.at} /> <span className="muted">(<Ago at_ms={Date.parse(shown.at)} />)</span>
        <span className="muted">
          {' '}
          · <Who who={shown.who} /> · {t('run.seconds', { seconds: shown.seconds })}
        </span>
      </p>
      <p className="quality-totals">
        {shown.failed > 0 ? <b className="danger">▲ {t('quality.failed', { count: shown.failed })}</b> : <b>{t('quality.failed', { count: 0 })}</b>}
        <span>✓ {t('quality.passed', { count: shown.passed })}</span>
        <span className="muted">{t('quality.notApplicable', { count: shown.not_applicable })}</span>
      </p>
      {drawn.length > 1 && (
        <div className="quality-bars" role="group" aria-label={t('quality.trend')}>
          {drawn.map((run) => (
            <button
              key={run.run}
              type="button"
              className="quality-bar"
              aria-pressed={run === shown}
              aria-label={t('quality.bar', { run: run.run, failed: run.failed, checks: run.passed + run.failed })}
              title={t('quality.bar', { run: run.run, failed: run.failed, checks: run.passed + run.failed })}
              onClick={() => onRun(run.run)}
            >
              <span data-none={run.failed === 0 ? '' : undefined} style={{ height: `${Math.max(2, (40 * share(run)) / most)}px` }} />
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

/** Runs that are drawn: the newest. */
const BARS = 30;

const share = ({ passed, failed }: Run): number => (passed + failed === 0 ? 0 : failed / (passed + failed));
