import { useQueryClient } from '@tanstack/react-query';
import { send } from '../api/client';
import type { Doubt, TableSource } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { Empty } from '../parts/Page';
import type { SourceSearch } from '../router';
import { begin, dismiss, stop, useAct } from './acts';
import { Problems, problemsOf } from './Problems';
import { Running, Said } from './Pull';
import type { RunReport } from './report';
import { Report } from './Report';
import { RunLog } from './RunLog';
import type { SetSearch } from './SourcePage';
import { Told } from './Told';
import { Undo } from './Undo';
import './runs.css';

interface Props {
  source: TableSource;
  search: SourceSearch;
  set: SetSearch;
}

/** Runs of a source's mapping: the dry one first, the same once more that writes, and those that wrote before. */
export function Runs({ source, search, set }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const key = `run ${source.name}`;
  const act = useAct(key);
  const report = act?.report as RunReport | undefined;
  const path = `/api/mappings/${encodeURIComponent(source.name)}`;
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['source', source.name] });
    void queries.invalidateQueries({ queryKey: ['sources'] });
  };
  const run = (write: boolean) => {
    set({ run: undefined });
    // What is written is what was looked at: of anything else the server writes nothing.
    const of = write && report ? { of: { hash: report.hash, delivery: report.delivery ?? null } } : {};
    void begin(key, `${path}/run`, { write, ...of }, again);
  };
  if (!source.last) {
    return (
      <Empty title={t('source.noDeliveries.title')} command={`medweave source pull ${source.name}`}>
        <p>{t('source.noDeliveries.text')}</p>
      </Empty>
    );
  }
  const dry = report !== undefined && !report.written;
  // The list of sources may be older than the report: what it does not know yet is no newer delivery.
  const newer = dry && source.last.delivery > (report.delivery ?? 0);
  const changes = report ? report.new + report.changed + report.gone : 0;
  /** Whether writing is the next step. */
  const ready = dry && !newer && changes > 0;
  const halted = act?.error?.code === 'conflict';
  const said = act?.error?.details['said'] as Doubt | undefined;
  return (
    <>
      <div className="run-bar">
        <button type="button" className="button" data-primary={ready ? undefined : ''} {...acting(act?.running, () => run(false))}>
          {t('run.dry')}
        </button>
        <button type="button" className="button" data-primary={ready ? '' : undefined} disabled={!act?.running && (!dry || newer)} aria-describedby="run-why" {...acting(act?.running, () => run(true))}>
          {t('run.write')}
        </button>
        <span id="run-why" className="muted run-why">
          {newer ? t('run.changedSince') : !dry ? t('run.writeAfter') : changes === 0 ? t('run.writesNothing') : t('run.writesWhat', { new: report.new, changed: report.changed, gone: report.gone })}
        </span>
      </div>
      <div role="status">
        {act?.running && <Running act={act} onStop={() => stop(key)} {...(act.writes && { onPause: () => void send(`${path}/pause`, { method: 'POST' }).finally(again) })} />}
        {act?.stopped && <Said onClose={() => dismiss(key)}>{t('run.stopped')}</Said>}
        {halted && (
          <Said kind="warn" onClose={() => dismiss(key)}>
            <p>
              <Told said={said} text={act.error?.message} />
            </p>
            {!said && act.error?.hint && <p lang="en">{act.error.hint}</p>}
          </Said>
        )}
        {act?.error && !halted && (problemsOf(act.error) ? <Problems problems={problemsOf(act.error) ?? []} /> : <Failure error={act.error} />)}
        {report && <p className="run-done">{t(report.written ? 'run.writeDone' : 'run.dryDone')}</p>}
      </div>
      {report?.written && report.run !== undefined && report.arrival !== null && <Undo name={source.name} run={report.run} onDone={again} />}
      {report && <Report report={report} search={search} set={set} />}
      {!act && <p className="muted page-note">{t('run.begins')}</p>}
      <RunLog name={source.name} search={search} set={set} />
    </>
  );
}
