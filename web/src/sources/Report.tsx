import { useT } from '../i18n';
import { Count } from '../parts/Count';
import type { SourceSearch } from '../router';
import { save } from '../sql/ask';
import { mappedAgain, whyWhole } from './mappedAgain';
import { LawBar, LawLegend, PARTS } from './LawBar';
import { Reasons } from './Reasons';
import type { RunReport, TargetReport, Unmapped } from './report';
import { runNoteText } from './runNote';
import type { SetSearch } from './SourcePage';

interface Props {
  report: RunReport;
  search: SourceSearch;
  set: SetSearch;
}

const TOTALS = ['new', 'changed', 'equal', 'gone', 'refused'] as const;

/** What a run did, or would do: every row of every target accounted for. */
export function Report({ report, search, set }: Props) {
  const t = useT();
  const { csv } = report;
  const again = mappedAgain(t, report.targets);
  return (
    <>
      <div className="run-totals">
        <dl>
          {TOTALS.filter((name) => name !== 'refused' || report.refused > 0).map((name) => (
            <div key={name}>
              <dt>{t(`run.${name}`)}</dt>
              <dd>
                <Count of={report[name]} />
              </dd>
            </div>
          ))}
        </dl>
        <span className="muted">
          <code>
            {report.mapping} {report.version}
          </code>{' '}
          <code title={report.hash}>{report.hash.slice(0, 12)}</code> · {t('run.seconds', { seconds: report.seconds })}
        </span>
        <span className="run-files">
          {csv !== undefined && (
            <button type="button" className="button" onClick={() => save(new Blob([csv], { type: 'text/csv;charset=utf-8' }), `${report.source}-run.csv`)}>
              {t('run.csv')}
            </button>
          )}
          <button type="button" className="button" onClick={() => save(new Blob([JSON.stringify({ ...report, csv: undefined }, null, 1)], { type: 'application/json' }), `${report.source}-run.json`)}>
            {t('run.json')}
          </button>
        </span>
      </div>
      {again && <p className="page-note run-again">{again}</p>}
      <section aria-label={t('run.targets')} className="panel">
        <div className="run-targets-head">
          <h2>{t('run.targets')}</h2>
          <LawLegend />
        </div>
        {report.targets.map((target) => (
          <Target key={target.name} target={target} search={search} set={set} />
        ))}
      </section>
      {report.not_delivered.length > 0 && <p className="notice">{t('run.notDelivered', { targets: report.not_delivered.join(', ') })}</p>}
      {report.unmapped.length > 0 && <UnmappedList unmapped={report.unmapped} />}
      {report.notes.length > 0 && (
        <section aria-label={t('run.notes')} className="notice" data-kind="warn">
          {report.notes_said
            ? report.notes_said.map((note) => <p key={note.text}>{runNoteText(t, note)}</p>)
            : report.notes.map((note) => (
                <p key={note} lang="en">
                  {note}
                </p>
              ))}
        </section>
      )}
    </>
  );
}

function Target({ target, search, set }: { target: TargetReport; search: SourceSearch; set: SetSearch }) {
  const t = useT();
  const { rows, resources, merged, filtered, rejected } = target;
  const open = search.target === target.name;
  const why = whyWhole(t, target);
  return (
    <details
      className="fold-row target"
      open={open}
      onToggle={(event) => {
        const now = event.currentTarget.open;
        if (now !== open) set({ target: now ? target.name : undefined });
      }}
    >
      <summary data-item>
        <span className="target-name">
          <b>{target.name}</b> {target.type !== target.name && <span className="muted">{target.type}</span>}
        </span>
        <span className="target-rows fixed">
          <Count of={rows} /> <span className="muted">{t('run.rows')}</span>
        </span>
        <LawBar target={target} />
        <span className="target-parts">
          {PARTS.map((part) => (
            <span key={part} className="fixed" data-part={part} data-none={target[part] === 0 ? '' : undefined}>
              {part === 'rejected' && target.rejected > 0 ? (
                <b className="danger">
                  ▲ <Count of={target.rejected} />
                </b>
              ) : (
                <Count of={target[part]} />
              )}{' '}
              <span className="muted">{t(`run.${part}`)}</span>
            </span>
          ))}
        </span>
      </summary>
      <div className="target-more">
        <p className="muted">{t('run.law', { rows, resources, merged, filtered, rejected })}</p>
        {why && (
          <p className="muted">
            {t('run.whyWhole')} <span lang={why.english ? 'en' : undefined}>{why.text}</span>
          </p>
        )}
        {target.child_rejected > 0 && <p className="muted">{t('run.childRejected', { count: target.child_rejected })}</p>}
        {target.reasons.length === 0 && target.remarks.length === 0 && <p className="muted">{t('run.noReasons')}</p>}
        {target.reasons.length > 0 && <Reasons title={t('run.reasons')} reasons={target.reasons} set={set} />}
        {target.remarks.length > 0 && <Reasons title={t('run.remarks')} reasons={target.remarks} set={set} />}
      </div>
    </details>
  );
}

function UnmappedList({ unmapped }: { unmapped: Unmapped[] }) {
  const t = useT();
  const most = Math.max(...unmapped.map((one) => one.count));
  return (
    <section aria-label={t('run.unmapped')} className="panel">
      <h2>
        {t('run.unmapped')} <span className="muted">{t('value.number', { n: unmapped.length })}</span>
      </h2>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{t('run.value')}</th>
            <th scope="col">{t('run.map')}</th>
            <th scope="col" className="number">{t('run.count')}</th>
          </tr>
        </thead>
        <tbody>
          {unmapped.slice(0, SHOWN).map((one) => (
            <tr key={`${one.kind} ${one.map} ${one.value}`}>
              <th scope="row">
                <code>{one.value}</code> {one.display && one.display !== one.value && <span className="muted">{one.display}</span>}
              </th>
              <td>
                <span className="muted">{t('run.codeOf', { kind: one.kind })}</span> <code>{one.map}</code>
              </td>
              <td className="number">
                <span className="share" aria-hidden style={{ inlineSize: `${(80 * one.count) / most}px` }} /> <Count of={one.count} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The most frequent ones; the report as a file has all. */
const SHOWN = 100;
