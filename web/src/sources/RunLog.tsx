import { useQuery, useQueryClient } from '@tanstack/react-query';
import { json, send } from '../api/client';
import type { Run, Runs, RunWithReport } from '../api/types';
import { useT } from '../i18n';
import { Count } from '../parts/Count';
import { Failure, StaleBar } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import { Who } from '../parts/Who';
import type { SourceSearch } from '../router';
import { Report } from './Report';
import type { SetSearch } from './SourcePage';
import { Told } from './Told';
import { Undo } from './Undo';

/** A run goes on elsewhere too: at the command line, by a schedule. */
const AGAIN_MS = 10_000;

interface Props {
  name: string;
  search: SourceSearch;
  set: SetSearch;
}

const pathOf = (name: string): string => `/api/mappings/${encodeURIComponent(name)}`;

/** The runs that wrote, newest first; each opens to its report. */
export function RunLog({ name, search, set }: Props) {
  const t = useT();
  const runs = useQuery({
    queryKey: ['source', name, 'runs'],
    queryFn: ({ signal }) => json<Runs>(`${pathOf(name)}/runs`, { signal }),
    refetchInterval: AGAIN_MS,
  });
  const list = runs.data?.runs;
  if (!list) return runs.error ? <Failure error={runs.error} onRetry={() => void runs.refetch()} /> : <Waiting lines={4} />;
  if (list.length === 0) return <p className="muted page-note">{t('runs.none')}</p>;
  return (
    <section aria-label={t('runs.title')} className="panel fold-list">
      <StaleBar error={runs.error} onRetry={() => void runs.refetch()} />
      <h2>{t('runs.title')}</h2>
      {list.map((run) => (
        <details
          key={run.run}
          className="fold-row"
          open={search.run === run.run}
          onToggle={(event) => {
            const now = event.currentTarget.open;
            if (now !== (search.run === run.run)) set({ run: now ? run.run : undefined });
          }}
        >
          <summary data-item className="run-line">
            <b>{t('runs.no', { run: run.run })}</b>
            <State run={run} />
            <span className="fixed">
              <At at={run.begun} />
            </span>
            <Counts counts={run.counts} />
            <span className="muted">
              <Who who={run.who} />
              {run.delivery !== null && <> · {t('source.delivery', { no: run.delivery })}</>}
            </span>
          </summary>
          {search.run === run.run && <Past name={name} run={run} search={search} set={set} />}
        </details>
      ))}
    </section>
  );
}

/** Whether a run is over, and how it ended: a word, and a mark where somebody should look. */
function State({ run: { state } }: { run: Run }) {
  const t = useT();
  const kind = state === 'failed' ? 'danger' : undefined;
  if (state === 'done') return <span className="fixed">✓ {t('runs.state.done')}</span>;
  if (state === 'undone') return <span className="muted fixed">↶ {t('runs.state.undone')}</span>;
  return (
    <span className="state" data-kind={kind}>
      {t(`runs.state.${state}`)}
    </span>
  );
}

/** What a run changed; each number keeps its place while it is not known yet. */
function Counts({ counts }: { counts: Run['counts'] }) {
  const t = useT();
  return (['new', 'changed', 'gone'] as const).map((name) => (
    <span key={name} className="fixed number">
      {counts && (
        <>
          <Count of={counts[name]} /> <span className="muted">{t(`run.${name}`)}</span>
        </>
      )}
    </span>
  ));
}

interface PastProps extends Props {
  run: Run;
}

function Past({ name, run, search, set }: PastProps) {
  const t = useT();
  const queries = useQueryClient();
  const past = useQuery({
    queryKey: ['source', name, 'run', run.run, run.state],
    queryFn: ({ signal }) => json<RunWithReport>(`${pathOf(name)}/runs/${run.run}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const again = () => void queries.invalidateQueries({ queryKey: ['source', name, 'runs'] });
  return (
    <div className="run-past">
      {run.problem && (
        <p className="notice" data-kind="danger">
          <Told said={run.problem_said} text={run.problem} />
        </p>
      )}
      {run.state === 'running' && (
        <p>
          <button type="button" className="button" onClick={() => void send(`${pathOf(name)}/pause`, { method: 'POST' }).finally(again)}>
            {t('runs.pause')}
          </button>
        </p>
      )}
      {(run.state === 'paused' || run.state === 'interrupted') && <p>{t('runs.goesOn')}</p>}
      {run.state !== 'running' && run.state !== 'undone' && <Undo name={name} run={run.run} onDone={again} />}
      {!past.data && (past.error ? <Failure error={past.error} onRetry={() => void past.refetch()} /> : <Waiting lines={4} />)}
      {past.data && (past.data.report ? <Report report={{ ...past.data.report, ...(past.data.csv !== null && { csv: past.data.csv }) }} search={search} set={set} /> : <p className="muted">{t('runs.noReport')}</p>)}
    </div>
  );
}
