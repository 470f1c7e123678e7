import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { json, send } from '../api/client';
import type { CorrectedLetter, DeadLetter } from '../api/types';
import { say, useLanguage, useT } from '../i18n';
import { acting, takesFocus } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { RowBytes } from '../parts/RowBytes';
import { rowKey } from '../parts/rowKey';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import { whoText } from '../parts/who';
import { begin, dismiss, stop, useAct } from './acts';
import { Running, Said } from './Pull';
import { reasonText } from './said';
import type { SetSearch } from './SourcePage';
import { Told } from './Told';
import '../parts/where.css';

interface Props {
  source: string;
  letter: DeadLetter;
  set: SetSearch;
}

/** What a replay says of itself. */
interface Replayed {
  stored: number;
  unchanged: number;
}

type Row = NonNullable<DeadLetter['row']>;
type Cells = Row['cells'];

/** One letter: its bytes, and what can be done about it: correct its cells, have it taken, or say that it is not needed. */
export function Letter({ source, letter: { no, state }, set }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const key = `letter ${no}`;
  const act = useAct(key);
  const path = `/api/deadletters/${no}`;
  const found = useQuery({ queryKey: ['source', source, 'letter', no, state], queryFn: ({ signal }) => json<DeadLetter>(path, { signal }) });
  const again = () => void queries.invalidateQueries({ queryKey: ['source', source] });
  const { data } = found;
  if (!data) return found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={4} />;
  const { row, arrival, offset, length, hint } = data;
  return (
    <div className="letter">
      {data.state === 'open' && (
        <p className="muted" lang={row || data.hint_said ? undefined : 'en'}>
          {row ? t(row.row === null ? 'letters.hintUnread' : 'letters.hintRefused') : data.hint_said ? say(t, `hint.${data.hint_said.code}`, data.hint_said) : hint}
        </p>
      )}
      {data.closed && (
        <p>
          {t('letters.closed', { by: whoText(t, data.closed_by ?? '') })} <At at={data.closed} />
          {data.reason && (
            <>
              {' '}
              · {data.reason_said ? say(t, `closed.${data.reason_said.code}`, data.reason_said) : data.reason}
            </>
          )}
        </p>
      )}
      {row?.row !== null && row?.row !== undefined && (
        <p>
          <button type="button" className="row-button" data-row={rowKey(row)} onClick={() => set({ row: rowKey(row) })}>
            {t('letters.row')}
          </button>
        </p>
      )}
      {row?.row === null && <RowBytes arrival={{ no: arrival.no, offset, length, encoding: row.encoding ?? null }} cell={undefined} />}
      {data.state === 'open' && (
        <>
          {row && <Correction key={JSON.stringify(row.cells)} path={path} row={row} onKept={again} />}
          <div className="letter-ways">
            <button type="button" className="button" data-primary {...acting(act?.running, () => void begin(key, `${path}/replay`, undefined, again))}>
              {t('letters.replay')}
            </button>
            <Discard path={path} disabled={act?.running ?? false} onDone={again} />
          </div>
        </>
      )}
      {act && (
        <div role="status">
          {act.running && <Running act={act} onStop={() => stop(key)} />}
          {act.stopped && <Said onClose={() => dismiss(key)}>{t('run.stopped')}</Said>}
          {act.report !== undefined && <Said onClose={() => dismiss(key)}>{t('letters.replayed', { ...(act.report as Replayed) })}</Said>}
          {act.error && <Failure error={act.error} />}
        </div>
      )}
    </div>
  );
}

interface CorrectionProps {
  path: string;
  row: Row;
  onKept: () => void;
}

/** The cells of a row, to be written as they should have come; it says at once whether the mapping would take it then. */
function Correction({ path, row: { cells, corrected, number }, onKept }: CorrectionProps) {
  const t = useT();
  const id = useId();
  const before: Cells = { ...cells, ...corrected?.cells };
  // Of a row that could not be read nothing is known but what is said of it.
  const ofNone: Cells = number === null ? cells : {};
  const [changed, setChanged] = useState<Cells>({});
  const keep = useMutation({
    mutationFn: (reason: string) => json<CorrectedLetter>(`${path}/correct`, { method: 'POST', body: { reason, cells: { ...ofNone, ...corrected?.cells, ...changed } } }),
    onSuccess: onKept,
  });
  return (
    <form
      className="letter-cells"
      onSubmit={(event) => {
        event.preventDefault();
        const reason = new FormData(event.currentTarget).get('reason');
        keep.mutate(typeof reason === 'string' ? reason : '');
      }}
    >
      <h3>{t('letters.cells')}</h3>
      {corrected && (
        <p className="muted">
          {t('letters.corrected', { by: whoText(t, corrected.by) })} <At at={corrected.at} /> · {corrected.reason}
        </p>
      )}
      <div className="letter-grid">
        {Object.entries(before).map(([column, cell], n) => (
          <div key={column}>
            <label htmlFor={`${id}${n}`}>
              <code>{column}</code>
            </label>
            <input
              id={`${id}${n}`}
              className="input"
              autoComplete="off"
              spellCheck={false}
              value={(column in changed ? changed[column] : cell) ?? ''}
              data-changed={column in changed || column in (corrected?.cells ?? {}) ? '' : undefined}
              onChange={(event) => setChanged({ ...changed, [column]: event.target.value === '' ? null : event.target.value })}
            />
          </div>
        ))}
      </div>
      <p className="letter-reason">
        <label htmlFor={id}>{t('quality.reason')}</label>
        <input id={id} name="reason" className="input" required autoComplete="off" />
        <button type="submit" className="button" disabled={keep.isPending || Object.keys(changed).length === 0}>
          {t('letters.keep')}
        </button>
      </p>
      <div role="status">
        {keep.data?.refused && (
          <p className="danger">
            ▲ {t('letters.stillRefused')} <StillRefused refused={keep.data.refused} />
          </p>
        )}
        {keep.data && !keep.data.refused && <p className="better">✓ {t('letters.kept')}</p>}
      </div>
      {keep.error && <Failure error={keep.error} />}
    </form>
  );
}

/** Why the mapping would not take the row either. */
function StillRefused({ refused: { reasons = [], said, what } }: { refused: NonNullable<CorrectedLetter['refused']> }) {
  const t = useT();
  const language = useLanguage();
  if (reasons.length === 0) return <Told said={said} text={what} />;
  return reasons.map(({ reason, element, message }, n) => (
    <span key={`${reason} ${element}`}>
      {n > 0 && '; '}
      {reasonText(t, reason)} {element && <code>{element}</code>} {language === 'en' && message}
    </span>
  ));
}

/** Says that a letter is not needed, and why. */
function Discard({ path, disabled, onDone }: { path: string; disabled: boolean; onDone: () => void }) {
  const t = useT();
  const id = useId();
  const [open, setOpen] = useState(false);
  const discard = useMutation({ mutationFn: (reason: string) => send(`${path}/discard`, { method: 'POST', body: { reason } }), onSuccess: onDone });
  if (!open) {
    return (
      <button type="button" className="button" disabled={disabled} onClick={() => setOpen(true)}>
        {t('letters.discard')}
      </button>
    );
  }
  return (
    <form
      className="letter-reason"
      onSubmit={(event) => {
        event.preventDefault();
        const reason = new FormData(event.currentTarget).get('why');
        discard.mutate(typeof reason === 'string' ? reason : '');
      }}
    >
      <label htmlFor={id}>{t('quality.reason')}</label>
      <input ref={takesFocus} id={id} name="why" className="input" required autoComplete="off" />
      <button type="submit" className="button" data-danger disabled={disabled || discard.isPending}>
        {t('letters.discard')}
      </button>
      {discard.error && <Failure error={discard.error} />}
    </form>
  );
}
