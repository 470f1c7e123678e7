import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { ApiError, json } from '../api/client';
import type { Setup } from '../api/types';
import { useT, type Translate } from '../i18n';
import { signIn } from '../live/session';
import { PageTitle } from '../parts/Page';
import { field } from './field';
import { Front } from './Front';

/** Only a path of this site may be gone back to. */
export function safeReturn(to: string | undefined): string {
  return to && /^\/(?![/\\])/.test(to) ? to : '/patients';
}

export function wordsOfRefusal(t: Translate, error: ApiError): string {
  if (error.status === 0) return t('failure.offline.text');
  if (error.status === 429) {
    if (error.wait_s !== undefined) return t('failure.busy.text', { seconds: error.wait_s });
    // The refusal says until when.
    const until_ms = Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(error.message)?.[0] ?? '');
    return Number.isNaN(until_ms) ? t('signin.locked') : t('signin.lockedMinutes', { minutes: Math.max(1, Math.ceil((until_ms - Date.now()) / 60_000)) });
  }
  if (/\bdisabled\b/.test(error.message)) return t('signin.disabled');
  if (error.status === 401) return t('signin.wrong');
  return error.message || t('failure.broken.text');
}

export function SignIn() {
  const t = useT();
  const { to } = useSearch({ from: '/signin' });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const failure = useRef<HTMLParagraphElement>(null);
  const ids = { name: useId(), password: useId(), problem: useId() };
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => json<Setup>('/api/setup', { signal }),
    retry: false,
  });
  useEffect(() => {
    if (problem) failure.current?.focus();
  }, [problem]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem('');
    try {
      await signIn(queries, field(form, 'name').trim(), field(form, 'password'));
      await navigate({ href: safeReturn(to) });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) setProblem(t('failure.broken.text'));
      else setProblem(error instanceof ApiError ? wordsOfRefusal(t, error) : t('failure.broken.text'));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Front>
      <PageTitle>{t('signin.title')}</PageTitle>
      {to && <p className="muted">{t('signin.returning')}</p>}
      {!navigator.cookieEnabled && <p className="notice" data-kind="danger">{t('signin.cookies')}</p>}
      {problem && (
        <p ref={failure} id={ids.problem} tabIndex={-1} className="notice" data-kind="danger" role="alert">
          {problem}
        </p>
      )}
      <form className="front-form" onSubmit={(event) => void submit(event)}>
        <div className="field">
          <label htmlFor={ids.name}>{t('signin.name')}</label>
          <input id={ids.name} name="name" autoComplete="username" autoCapitalize="none" spellCheck={false} required aria-describedby={problem ? ids.problem : undefined} />
        </div>
        <div className="field">
          <label htmlFor={ids.password}>{t('signin.password')}</label>
          <input id={ids.password} name="password" type="password" autoComplete="current-password" required />
        </div>
        <button type="submit" className="button" data-primary disabled={busy}>
          {t(busy ? 'signin.busy' : 'signin.submit')}
        </button>
      </form>
      {setup.data?.open && (
        <p className="notice">
          {t('signin.noAdministrator')} <Link to="/setup">{t('setup.title')}</Link>
        </p>
      )}
    </Front>
  );
}
