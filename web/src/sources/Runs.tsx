import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { TableSource } from '../api/types';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { Empty } from '../parts/Page';
import type { SourceSearch } from '../router';
import { begin, dismiss, stop, useAct } from './acts';
import { Problems, problemsOf } from './Problems';
import { Running, Said } from './Pull';
import type { RunReport } from './report';
import { Report } from './Report';
import type { SetSearch } from './SourcePage';
import { Undo } from './Undo';
import './runs.css';

interface Props {
  source: TableSource;
  search: SourceSearch;
  set: SetSearch;
}

/** Runs of a source's mapping: the dry one first, and the same once more that writes. */
export function Runs({ source, search, set }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const key = `run ${source.name}`;
  const act = useAct(key);
  // The delivery that was the newest when the dry run began: what is written must be what was looked at.
  const [seen, setSeen] = useState<number>();
  const report = act?.report as RunReport | undefined;
  const run = (write: boolean) => {
    if (!write) setSeen(source.last?.delivery);
    const of = write && report?.delivery !== undefined ? { of: { hash: report.hash, delivery: report.delivery } } : {};
    void begin(key, `/api/mappings/${encodeURIComponent(source.name)}/run`, { write, ...of }, () => {
      void queries.invalidateQueries({ queryKey: ['source', source.name] });
    });
  };
  const dry = report !== undefined && !report.written;
  const newer = dry && (report.delivery ?? seen) !== undefined && source.last?.delivery !== (report.delivery ?? seen);
  if (!source.last) {
    return (
      <Empty title={t('source.noDeliveries.title')} command={`medweave source pull ${source.name}`}>
        <p>{t('source.noDeliveries.text')}</p>
      </Empty>
    );
  }
  return (
    <>
      <div className="run-bar">
        <button type="button" className="button" data-primary={dry ? undefined : ''} disabled={act?.running} onClick={() => run(false)}>
          {t('run.dry')}
        </button>
        <button type="button" className="button" data-primary={dry && !newer ? '' : undefined} disabled={!dry || newer || act?.running} aria-describedby="run-why" onClick={() => run(true)}>
          {t('run.write')}
        </button>
        <span id="run-why" className="muted run-why">
          {newer ? t('run.changedSince') : dry ? t('run.writesWhat', { new: report.new, changed: report.changed, gone: report.gone }) : t('run.writeAfter')}
        </span>
      </div>
      <div role="status">
        {act?.running && <Running act={act} onStop={() => stop(key)} />}
        {act?.stopped && <Said onClose={() => dismiss(key)}>{t('run.stopped')}</Said>}
        {act?.error && (problemsOf(act.error) ? <Problems problems={problemsOf(act.error) ?? []} /> : <Failure error={act.error} />)}
        {report && <p className="run-done">{t(report.written ? 'run.writeDone' : 'run.dryDone')}</p>}
      </div>
      {report?.written && report.arrival !== null && <Undo arrival={report.arrival} />}
      {report && <Report report={report} search={search} set={set} />}
      {!act && <p className="muted page-note">{t('run.begins')}</p>}
    </>
  );
}
