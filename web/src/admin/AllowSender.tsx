import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, type FormEvent } from 'react';
import { json } from '../api/client';
import { useT } from '../i18n';
import { useSession, useZone } from '../live/session';
import { field } from '../signin/field';
import { Panel } from '../parts/Panel';
import { SENDERS } from './queries';
import { Refused } from './Refused';

interface Props {
  onAllowed: (id: number) => void;
  onClose: () => void;
}

/** Names of MSH-18 (HL7 table 0211) that are met most; the server knows more, and takes the names of operating systems too. */
const CHARSETS = ['UNICODE UTF-8', 'ASCII', '8859/1', '8859/2', '8859/5', '8859/15', 'GB 18030-2000', 'BIG-5', 'ISO IR87', 'KS X 1001'];
const USUAL = 'UNICODE UTF-8';

/** Lets an address or a network send messages. */
export function AllowSender({ onAllowed, onClose }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const zone = useZone();
  const site = useSession()?.zone || zone;
  const ids = { address: useId(), addressHint: useId(), name: useId(), zone: useId(), zones: useId(), zoneHint: useId(), charset: useId(), charsets: useId(), charsetHint: useId() };
  const allow = useMutation({
    mutationFn: (body: Record<'address' | 'name' | 'zone' | 'charset', string>) => json<{ id: number }>('/api/sources', { method: 'POST', body }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: SENDERS });
      onAllowed(id);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    if (allow.isPending) return;
    const address = field(typed, 'address').trim();
    allow.mutate({ address, name: field(typed, 'name').trim() || address, zone: field(typed, 'zone').trim() || site, charset: field(typed, 'charset').trim() || USUAL });
  };
  return (
    <Panel title={t('senders.allow')} onClose={onClose}>
      <form className="admin-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor={ids.address}>{t('senders.address')}</label>
          <input id={ids.address} name="address" className="mono" required autoComplete="off" spellCheck={false} aria-describedby={ids.addressHint} />
          <p id={ids.addressHint} className="muted">
            {t('senders.addressHint')}
          </p>
        </div>
        <div className="field">
          <label htmlFor={ids.name}>{t('senders.name')}</label>
          <input id={ids.name} name="name" maxLength={100} autoComplete="off" />
        </div>
        <div className="field">
          <label htmlFor={ids.zone}>{t('senders.zone')}</label>
          <input id={ids.zone} name="zone" list={ids.zones} defaultValue={site} autoComplete="off" spellCheck={false} aria-describedby={ids.zoneHint} />
          <datalist id={ids.zones}>
            {Intl.supportedValuesOf('timeZone').map((name) => (
              <option key={name}>{name}</option>
            ))}
          </datalist>
          <p id={ids.zoneHint} className="muted">
            {t('senders.zoneHint')}
          </p>
        </div>
        <div className="field">
          <label htmlFor={ids.charset}>{t('senders.charset')}</label>
          <input id={ids.charset} name="charset" list={ids.charsets} defaultValue={USUAL} autoComplete="off" spellCheck={false} aria-describedby={ids.charsetHint} />
          <datalist id={ids.charsets}>
            {CHARSETS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </datalist>
          <p id={ids.charsetHint} className="muted">
            {t('senders.charsetHint')}
          </p>
        </div>
        <Refused error={allow.error} />
        <p className="admin-ways">
          <button type="submit" className="button" data-primary aria-disabled={allow.isPending || undefined}>
            {t(allow.isPending ? 'signin.busy' : 'senders.allowNow')}
          </button>
        </p>
      </form>
    </Panel>
  );
}
