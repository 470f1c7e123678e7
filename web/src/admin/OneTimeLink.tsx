import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { json } from '../api/client';
import type { Account, SignInLink } from '../api/types';
import { useT } from '../i18n';
import { useNow } from '../live/clock';
import { acting, takesFocus } from '../parts/acting';
import { Copyable } from './Copyable';
import { Instant } from '../parts/Instant';
import { Act } from '../parts/Panel';
import { Refused } from './Refused';

/**
 * A link by which a person signs in once, within the hour. It is shown where it was made until the panel is closed, and nowhere again: it is in no
 * address of these pages and in nothing that is kept.
 */
export function OneTimeLink({ account: { id } }: { account: Account }) {
  const t = useT();
  const made = useMutation({ mutationFn: () => json<SignInLink>(`/api/users/${id}/link`, { method: 'POST' }), gcTime: 0 });
  const { data } = made;
  const [hidden, setHidden] = useState(false);
  const hide = () => {
    setHidden(true);
    made.reset();
  };
  return (
    <Act title={t('link.title')}>
      <p className="muted">{t('link.text')}</p>
      {!data && (
        <p className="admin-ways">
          <button ref={hidden ? takesFocus : undefined} type="button" className="button" {...acting(made.isPending, () => made.mutate())}>
            {t('link.make')}
          </button>
        </p>
      )}
      {data && <Shown link={data} onHide={hide} />}
      <Refused error={made.error} />
    </Act>
  );
}

function Shown({ link: { path, expires }, onHide }: { link: SignInLink; onHide: () => void }) {
  const t = useT();
  const left_min = Math.ceil((Date.parse(expires) - useNow(5_000)) / 60_000);
  if (left_min <= 0) {
    return (
      <p className="notice" role="status">
        {t('link.over')}
        <span className="admin-ways">
          <button type="button" className="button" onClick={onHide}>
            {t('link.again')}
          </button>
        </span>
      </p>
    );
  }
  return (
    <div ref={takesFocus} className="notice" data-kind="warn" tabIndex={-1}>
      <p>
        <b>{t('secret.once')}</b> {t('link.whoever')}
      </p>
      {/* The address under which this page was reached: it is the one that is known to lead here. */}
      <Copyable text={new URL(path, globalThis.location.origin).href} label={t('link.copy')} />
      <p className="muted">
        {t('link.ends', { minutes: left_min })} <Instant at={expires} />
      </p>
      <p className="admin-ways">
        <button type="button" className="button" onClick={onHide}>
          {t('secret.hide')}
        </button>
      </p>
    </div>
  );
}
