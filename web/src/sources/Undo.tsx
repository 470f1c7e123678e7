import { useMutation } from '@tanstack/react-query';
import { json } from '../api/client';
import type { UndoneRun } from '../api/types';
import { useT } from '../i18n';
import { acting, takesFocus } from '../parts/acting';
import { Failure } from '../parts/Failure';

interface Props {
  name: string;
  run: number;
  onDone: () => void;
}

/** Takes a run back: says first what that does, and asks. */
export function Undo({ name, run, onDone }: Props) {
  const t = useT();
  const path = `/api/mappings/${encodeURIComponent(name)}/undo`;
  const look = useMutation({ mutationFn: () => json<UndoneRun>(path, { method: 'POST', body: { run, dry_run: true } }) });
  const undo = useMutation({ mutationFn: () => json<UndoneRun>(path, { method: 'POST', body: { run } }), onSuccess: onDone });
  const error = undo.error ?? look.error;
  const counts = (done: UndoneRun) => ({ deleted: done.deleted, restored: done.restored, left: done.left.length });
  return (
    <div className="undo">
      {!look.data && !undo.data && (
        <button type="button" className="button" {...acting(look.isPending, () => look.mutate())}>
          {t('run.undo')}
        </button>
      )}
      {look.data && !undo.data && (
        <div ref={takesFocus} className="notice" data-kind="warn" role="alert" tabIndex={-1}>
          <p>{t('run.undo.ask', counts(look.data))}</p>
          {(look.data.later_runs ?? []).length > 0 && <p>▲ {t('run.undo.later', { runs: look.data.later_runs?.join(', ') ?? '', count: look.data.later_runs?.length ?? 0 })}</p>}
          <Referring of={look.data.referring} />
          {look.data.provenance > 0 && <p>{t('run.undo.provenance')}</p>}
          <p className="undo-ways">
            <button type="button" className="button" data-danger {...acting(undo.isPending, () => undo.mutate())}>
              {t('run.undo.now')}
            </button>
            <button type="button" className="button" onClick={() => look.reset()}>
              {t('run.undo.back')}
            </button>
          </p>
        </div>
      )}
      {undo.data && <p ref={takesFocus} role="status" tabIndex={-1}>{t('run.undo.done', counts(undo.data))}</p>}
      {error && <Failure error={error} />}
    </div>
  );
}

/** What would refer to nothing afterwards. */
function Referring({ of }: { of: UndoneRun['referring'] }) {
  const t = useT();
  const all = Object.entries(of);
  const count = all.reduce((sum, [, n]) => sum + n, 0);
  if (count === 0) return null;
  return <p>▲ {t('run.undo.referring', { count, types: all.map(([type, n]) => t('run.undo.referringOf', { type, count: n })).join(', ') })}</p>;
}
