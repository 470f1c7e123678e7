import { useMutation, useQueryClient } from '@tanstack/react-query';
import { json, send } from '../api/client';
import type { AllowedSender } from '../api/types';
import { useT } from '../i18n';
import { acting } from '../parts/acting';
import { Instant } from '../parts/Instant';
import { Act, Fact, Panel } from '../parts/Panel';
import { SENDERS } from './queries';
import { Refused } from './Refused';
import { useOfferUndo } from './undo';

/** One sender that is let in. Removing it can be taken back: it is allowed again as it was. */
export function OneSender({ sender, onClose }: { sender: AllowedSender; onClose: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const offer = useOfferUndo();
  const { id, name, address, zone, charset, created } = sender;
  const again = () => queries.invalidateQueries({ queryKey: SENDERS });
  const remove = useMutation({
    mutationFn: () => send(`/api/sources/${id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      offer({
        text: t('senders.removed', { name, address }),
        undo: () => json('/api/sources', { method: 'POST', body: { address, name, zone, charset } }).finally(again),
      });
      await again();
      onClose();
      // The row and the panel are gone that had the focus: what can be done now is next.
      document.querySelector<HTMLElement>('[data-undo]')?.focus();
    },
  });
  return (
    <Panel title={name} onClose={onClose}>
      <dl className="where-facts">
        <Fact name={t('senders.address')}>
          <code>{address}</code>
        </Fact>
        <Fact name={t('senders.zone')}>{zone}</Fact>
        <Fact name={t('senders.charset')}>
          <code>{charset}</code>
        </Fact>
        <Fact name={t('senders.allowed')}>
          <Instant at={created} />
        </Fact>
        <Fact name={t('senders.number')}>source/{id}</Fact>
      </dl>
      <p className="muted">{t('senders.change')}</p>
      <Act title={t('senders.remove')}>
        <p className="muted">{t('senders.removeText')}</p>
        <p className="admin-ways">
          <button type="button" className="button" data-danger {...acting(remove.isPending, () => remove.mutate())}>
            {t('senders.remove')}
          </button>
        </p>
        <Refused error={remove.error} />
      </Act>
    </Panel>
  );
}
