import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { ApiError } from '../api/client';
import { useT } from '../i18n';
import { unlock } from '../live/lock';
import { sessionQuery, useSession } from '../live/session';
import { field } from '../signin/field';
import { wordsOfRefusal } from '../signin/refusal';
import { useLeave } from './leave';
import './lock.css';

/** Over a page that was left alone: it is blurred and keeps what was written; the password opens it again. */
export function LockScreen() {
  const t = useT();
  const ids = { title: useId(), password: useId() };
  const session = useSession();
  const queries = useQueryClient();
  const leave = useLeave();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const before = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
    input.current?.focus();
    // Focus goes back to where the person was.
    return () => before?.focus();
  }, []);

  const open = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = field(new FormData(event.currentTarget), 'password');
    setBusy(true);
    setProblem('');
    try {
      await unlock(password);
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey, refetchType: 'none' });
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      void queries.invalidateQueries();
    } catch (error) {
      setProblem(error instanceof ApiError ? wordsOfRefusal(t, error) : t('failure.broken.text'));
      input.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="lock" role="dialog" aria-modal="true" aria-labelledby={ids.title} data-modal>
      <form className="lock-box" onSubmit={(event) => void open(event)}>
        <h2 id={ids.title}>{t('lock.title')}</h2>
        <p>{t('lock.text', { name: session?.person?.name ?? '' })}</p>
        {problem && (
          <p className="notice" data-kind="danger" role="alert">
            {problem}
          </p>
        )}
        {/* For password managers: which account the password is of. */}
        <input type="text" name="username" autoComplete="username" value={session?.person?.account ?? ''} readOnly hidden />
        <div className="field">
          <label htmlFor={ids.password}>{t('signin.password')}</label>
          <input ref={input} id={ids.password} name="password" type="password" autoComplete="current-password" required />
        </div>
        <p className="lock-ways">
          <button type="submit" className="button" data-primary disabled={busy}>
            {t(busy ? 'signin.busy' : 'lock.open')}
          </button>
          <button type="button" className="button" onClick={() => void leave()}>
            {t('shell.signOut')}
          </button>
        </p>
        <p className="muted">{t('lock.other')}</p>
      </form>
    </div>
  );
}
