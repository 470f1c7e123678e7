import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { Doubt } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { useLasting } from '../live/clock';
import { begin, dismiss, stop, useAct, type Act, type Progress } from './acts';
import type { PullReport } from './report';
import { doubtText, noteText } from './said';

/** What a delivery that takes away much is refused with, before any of it was taken. */
const DOUBTFUL = 'business-rule';

/** Reads what the source has now, says how far it is, and asks before it takes what looks like a mistake. */
export function Pull({ name }: { name: string }) {
  const t = useT();
  const key = `pull ${name}`;
  const act = useAct(key);
  const queries = useQueryClient();
  const pull = (accept: boolean) =>
    void begin(key, `/api/sources/${encodeURIComponent(name)}/pull`, { accept }, () => {
      void queries.invalidateQueries({ queryKey: ['source', name] });
      void queries.invalidateQueries({ queryKey: ['sources'] });
    });
  return (
    <>
      <button type="button" className="button" data-primary {...acting(act?.running, () => pull(false))}>
        {t('pull.now')}
      </button>
      {act && (
        <div className="act" role="status">
          {act.running && <Running act={act} onStop={() => stop(key)} />}
          {act.stopped && <Said onClose={() => dismiss(key)}>{t('pull.stopped')}</Said>}
          {act.report !== undefined && <Done report={act.report as PullReport} onClose={() => dismiss(key)} />}
          {act.error && (act.error.code === DOUBTFUL ? <Doubts error={act.error.details} onAccept={() => pull(true)} onClose={() => dismiss(key)} /> : <Failure error={act.error} />)}
        </div>
      )}
    </>
  );
}

export function Running({ act, onStop, onPause }: { act: Act; onStop: () => void; onPause?: () => void }) {
  const t = useT();
  const visible = useLasting(200);
  if (!visible) return null;
  return (
    <p className="act-running">
      <Far progress={act.progress} />
      {onPause ? (
        <button type="button" className="button" onClick={onPause}>
          {t('runs.pause')}
        </button>
      ) : (
        <button type="button" className="button" onClick={onStop}>
          {t('act.stop')}
        </button>
      )}
    </p>
  );
}

/** How far an act is: a bar that fills where it is known of how much, else one that moves. */
function Far({ progress }: { progress: Progress | undefined }) {
  const t = useT();
  if (progress && 'of' in progress) {
    const { done, of } = progress;
    const said = t('act.done', { done, of });
    return (
      <>
        <progress className="act-far" value={done} max={of} aria-label={said} />
        <span>{said}</span>
      </>
    );
  }
  return (
    <>
      <span className="act-bar" aria-hidden />
      <span>{progress ? t('act.progress', progress) : t('act.begins')}</span>
    </>
  );
}

/** A sentence about what an act did, until it is put away. */
export function Said({ kind, children, onClose }: { kind?: 'warn' | 'danger'; children: React.ReactNode; onClose: () => void }) {
  const t = useT();
  return (
    <div className="notice act-said" data-kind={kind}>
      <div>{children}</div>
      <button type="button" className="button" data-quiet onClick={onClose} aria-label={t('act.dismiss')}>
        <span aria-hidden>✕</span>
      </button>
    </div>
  );
}

function Done({ report, onClose }: { report: PullReport; onClose: () => void }) {
  const t = useT();
  const { rows, equal, seconds } = report;
  return (
    <Said onClose={onClose} {...(report.bad > 0 || report.absent.length > 0 ? { kind: 'warn' } : {})}>
      {report.delivery === null ? (
        <p>
          <b>{t('pull.same')}</b> {t('pull.compared', { rows, seconds })}
        </p>
      ) : (
        <p>
          <b>{t('pull.done', { no: report.delivery })}</b> {t('pull.counts', { new: report.new, changed: report.changed, gone: report.gone, equal })} {t('pull.seconds', { seconds })}
        </p>
      )}
      {report.bad > 0 && (
        <p>
          {t('pull.bad', { count: report.bad })}{' '}
          <Link to="/sources/$name/{-$tab}" params={{ name: report.source, tab: 'letters' }} search={{ unread: true }}>
            {t('source.letters')}
          </Link>
        </p>
      )}
      {report.absent.length > 0 && <p>{t('pull.absent', { tables: report.absent.join(', ') })}</p>}
      {report.notes_said
        ? report.notes_said.map((note) => (
            <p key={note.text} className="muted">
              {noteText(t, note)}
            </p>
          ))
        : report.notes.map((note) => (
            <p key={note} className="muted" lang="en">
              {note}
            </p>
          ))}
    </Said>
  );
}

/** Nothing was taken. Whoever looked may take it all the same: the box says what follows. */
function Doubts({ error, onAccept, onClose }: { error: Record<string, unknown>; onAccept: () => void; onClose: () => void }) {
  const t = useT();
  const [looked, setLooked] = useState(false);
  const box = useId();
  const doubts = Array.isArray(error['doubts']) ? (error['doubts'] as Doubt[]) : [];
  return (
    <Said kind="danger" onClose={onClose}>
      <h2>{t('pull.doubt.title')}</h2>
      <p>{t('pull.doubt.text')}</p>
      <ul className="act-doubts">
        {doubts.map((doubt) => (
          <li key={doubt.text}>{doubtText(t, doubt)}</li>
        ))}
      </ul>
      <p>{t('pull.doubt.follows')}</p>
      <p className="act-accept">
        <input id={box} type="checkbox" checked={looked} onChange={(event) => setLooked(event.target.checked)} />
        <label htmlFor={box}>{t('pull.doubt.looked')}</label>
      </p>
      <button type="button" className="button" data-danger disabled={!looked} onClick={onAccept}>
        {t('pull.doubt.accept')}
      </button>
    </Said>
  );
}
