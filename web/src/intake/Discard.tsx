import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { send } from '../api/client';
import { useT } from '../i18n';
import { acting, takesFocus } from '../parts/acting';
import { Failure } from '../parts/Failure';
import { dropDraft } from './drafts';
import { askAgain } from './queries';

/** Says that a letter is not needed, and why. Its bytes stay; it cannot be opened again. */
export function Discard({ no, onDone }: { no: number; onDone: () => void }) {
  const t = useT();
  const id = useId();
  const queries = useQueryClient();
  const discard = useMutation({
    mutationFn: (reason: string) => send(`/api/deadletters/${no}/discard`, { method: 'POST', body: { reason } }),
    onSuccess: async () => {
      dropDraft(no);
      await askAgain(queries);
      onDone();
      document.querySelector<HTMLElement>('.letter-head h2')?.focus();
    },
  });
  return (
    <form
      className="intake-lines notice"
      data-kind="warn"
      onSubmit={(event) => {
        event.preventDefault();
        const reason = new FormData(event.currentTarget).get('reason');
        if (!discard.isPending) discard.mutate(typeof reason === 'string' ? reason : '');
      }}
    >
      <p>{t('discard.text')}</p>
      <p className="intake-ways">
        <label htmlFor={id}>{t('quality.reason')}</label>
        <input ref={takesFocus} id={id} name="reason" className="input intake-reason" required autoComplete="off" />
        <button type="submit" className="button" data-danger {...acting(discard.isPending, () => undefined)}>
          {t('letter.discard')}
        </button>
      </p>
      {discard.error && <Failure error={discard.error} />}
    </form>
  );
}
