import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState, type FormEvent } from 'react';
import { ApiError, json, send } from '../api/client';
import type { Me, OpenSession } from '../api/types';
import { useT } from '../i18n';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import { At } from '../parts/When';
import { field } from '../signin/field';
import { LEAST_CHARACTERS } from '../signin/password';
import { wordsOfRefusal } from '../signin/refusal';

const me = {
  queryKey: ['me'],
  queryFn: ({ signal }: { signal: AbortSignal }) => json<Me>('/api/me', { signal }),
};

/** Where this account is signed in; each session but this one can be ended. */
export function Sessions() {
  const t = useT();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(me);
  const [failed, setFailed] = useState<unknown>();
  const end = (session: OpenSession) => {
    setFailed(undefined);
    send(`/api/me/sessions/${session.id}`, { method: 'DELETE' })
      .then(() => queries.invalidateQueries({ queryKey: me.queryKey }))
      .catch(setFailed);
  };
  return (
    <section aria-label={t('me.sessions')} className="me-part">
      <h2>{t('me.sessions')}</h2>
      {!data && (error ? <Failure error={error} onRetry={() => void refetch()} /> : <Waiting lines={2} />)}
      {failed !== undefined && <Failure error={failed} />}
      {data && (
        <ul className="me-sessions">
          {data.sessions.map((session) => (
            <li key={session.id}>
              <span className="mono">{session.from}</span>
              <span className="muted">
                {t('me.since')} <At at={session.created} /> · {t('me.lastUsed')} <At at={session.seen} />
              </span>
              {session.current ? (
                <b>{t('me.thisSession')}</b>
              ) : (
                <button type="button" className="button" onClick={() => end(session)} aria-label={t('me.endSessionOf', { from: session.from })}>
                  {t('me.endSession')}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A new password; every other session of the account then ends. */
export function Password() {
  const t = useT();
  const queries = useQueryClient();
  const ids = { old: useId(), next: useId(), rule: useId() };
  const form = useRef<HTMLFormElement>(null);
  const [said, setSaid] = useState<{ kind: 'danger' | 'done'; text: string }>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const next = field(typed, 'new');
    if ([...next].length < LEAST_CHARACTERS) {
      setSaid({ kind: 'danger', text: t('setup.short', { count: LEAST_CHARACTERS }) });
      return;
    }
    setBusy(true);
    try {
      await send('/api/me/password', { method: 'POST', body: { old: field(typed, 'old'), new: next } });
      form.current?.reset();
      setSaid({ kind: 'done', text: t('me.passwordChanged') });
      void queries.invalidateQueries({ queryKey: me.queryKey });
    } catch (error) {
      const wrong = error instanceof ApiError && error.status === 401;
      setSaid({ kind: 'danger', text: wrong ? t('me.passwordWrong') : error instanceof ApiError ? wordsOfRefusal(t, error) : t('failure.broken.text') });
    } finally {
      setBusy(false);
    }
  };

  return (
    <section aria-label={t('me.password')} className="me-part">
      <h2>{t('me.password')}</h2>
      {said && (
        <p className="notice" data-kind={said.kind} role={said.kind === 'danger' ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
      <form ref={form} className="me-form" onSubmit={(event) => void submit(event)}>
        <div className="field">
          <label htmlFor={ids.old}>{t('me.passwordOld')}</label>
          <input id={ids.old} name="old" type="password" autoComplete="current-password" required />
        </div>
        <div className="field">
          <label htmlFor={ids.next}>{t('me.passwordNew')}</label>
          <input id={ids.next} name="new" type="password" autoComplete="new-password" required aria-describedby={ids.rule} />
          <p id={ids.rule} className="muted">
            {t('setup.rule', { count: LEAST_CHARACTERS })} {t('me.passwordEnds')}
          </p>
        </div>
        <p>
          <button type="submit" className="button" disabled={busy}>
            {t(busy ? 'signin.busy' : 'me.passwordSubmit')}
          </button>
        </p>
      </form>
    </section>
  );
}
