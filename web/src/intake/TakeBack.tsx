import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { json } from '../api/client';
import type { Undone } from '../api/types';
import { useT } from '../i18n';
import { acting, takesFocus } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { askAgain } from './queries';

/** Resources that are named; of the others it is said how many there are. */
const NAMED = 8;

interface Props {
  /** The arrival. */
  no: number;
  label: string;
  onDone?: () => void;
}

/** Takes an arrival back: says first what would go, and asks. The file that it came with can be taken back whole. */
export function TakeBack({ no, label, onDone }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [whole, setWhole] = useState(false);
  const ask = (of: boolean, dry: boolean) => {
    const query = new URLSearchParams({ ...(!of && { alone: 'true' }), ...(dry && { dry_run: 'true' }) });
    return json<Undone>(`/api/arrivals/${no}/undo${query.size > 0 ? `?${query}` : ''}`, { method: 'POST' });
  };
  const look = useMutation({ mutationFn: (of: boolean) => ask(of, true), onSuccess: (_, of) => setWhole(of) });
  const undo = useMutation({
    mutationFn: () => ask(whole, false),
    onSuccess: async () => {
      await askAgain(queries);
      onDone?.();
    },
  });
  const counts = ({ deleted, restored, left }: Undone) => ({ deleted, restored, left: left.length });
  const error = undo.error ?? look.error;
  return (
    <div className="undo">
      {!look.data && !undo.data && (
        <button type="button" className="button" data-take-back {...acting(look.isPending, () => look.mutate(false))}>
          {label}
        </button>
      )}
      {look.data && !undo.data && (
        <div ref={takesFocus} className="notice intake-lines" data-kind="warn" role="alert" tabIndex={-1}>
          <p>{t('back.ask', { ...counts(look.data), arrivals: look.data.arrivals.length })}</p>
          <Left of={look.data.left} />
          <Referring of={look.data.referring} />
          <p className="intake-ways">
            <button type="button" className="button" data-danger {...acting(undo.isPending, () => undo.mutate())}>
              {t('back.now')}
            </button>
            <button type="button" className="button" {...acting(look.isPending, () => look.mutate(!whole))}>
              {t(whole ? 'back.alone' : 'back.whole')}
            </button>
            <button type="button" className="button" onClick={() => look.reset()}>
              {t('back.leave')}
            </button>
          </p>
        </div>
      )}
      {undo.data && (
        <p ref={takesFocus} role="status" tabIndex={-1} className="notice">
          {t('back.done', counts(undo.data))}
        </p>
      )}
      {error && <Failure error={error} />}
    </div>
  );
}

/** What stays as it is, since somebody changed it or another brought the same. */
function Left({ of }: { of: Undone['left'] }) {
  const t = useT();
  if (of.length === 0) return null;
  return (
    <ul className="intake-plain">
      {of.slice(0, NAMED).map(({ type, id, again }) => (
        <li key={`${type}/${id}`}>
          <code>
            {type}/{id}
          </code>{' '}
          <span className="muted">{again === null ? t('back.changed') : t('back.again', { no: String(again) })}</span>
        </li>
      ))}
      {of.length > NAMED && <li className="muted">{t('back.others', { count: of.length - NAMED })}</li>}
    </ul>
  );
}

/** What would refer to nothing afterwards. */
function Referring({ of }: { of: Undone['referring'] }) {
  const t = useT();
  const all = Object.entries(of);
  if (all.length === 0) return null;
  return (
    <p>
      ▲ {t('back.referring', { count: all.reduce((sum, [, n]) => sum + n, 0) })} <span className="muted">{all.map(([type, n]) => `${type} ${n}`).join(', ')}</span>
    </p>
  );
}
