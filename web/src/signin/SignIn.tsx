import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { ApiError, json } from '../api/client';
import type { SetUp } from '../api/types';
import { useT } from '../i18n';
import { signIn, signInByLink, signOut } from '../live/session';
import { PageTitle } from '../parts/Page';
import { takeCode } from './code';
import { field } from './field';
import { Front } from './Front';
import { wordsOfLink, wordsOfRefusal } from './refusal';

/** Only a path of this site may be gone back to. */
export function safeReturn(to: string | undefined): string {
  return to && /^\/(?![/\\])/.test(to) ? to : '/';
}

export function SignIn() {
  const t = useT();
  const { to, unsure = false } = useSearch({ from: '/signin' });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState('');
  const [code] = useState(takeCode);
  const [busy, setBusy] = useState(code !== '');
  const failure = useRef<HTMLParagraphElement>(null);
  const ids = { name: useId(), password: useId(), problem: useId() };
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => json<SetUp>('/api/setup', { signal }),
    retry: false,
  });
  useEffect(() => {
    if (problem) failure.current?.focus();
  }, [problem]);

  // A sign-in link: its code is good once, so it is sent once.
  const spent = useRef(false);
  useEffect(() => {
    if (!code || spent.current) return;
    spent.current = true;
    signInByLink(queries, code)
      .then(() => navigate({ href: safeReturn(to), replace: true }))
      .catch((error: unknown) => {
        setProblem(error instanceof ApiError ? wordsOfLink(t, error) : t('failure.broken.text'));
        setBusy(false);
      });
  }, [code, queries, navigate, to, t]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem('');
    try {
      await signIn(queries, field(form, 'name').trim(), field(form, 'password'));
      await navigate({ href: safeReturn(to) });
    } catch (error) {
      setProblem(error instanceof ApiError ? wordsOfRefusal(t, error) : t('failure.broken.text'));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Front>
      <PageTitle>{t('signin.title')}</PageTitle>
      {code && busy && <p role="status">{t('signin.link.busy')}</p>}
      {unsure && <StillSignedIn />}
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

/** The server was not told that somebody left: whoever comes next could still go on as them. */
function StillSignedIn() {
  const t = useT();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const again = async () => {
    if (await signOut(queries)) await navigate({ to: '/signin', search: {}, replace: true });
  };
  return (
    <div className="notice" data-kind="danger" role="alert">
      <p>{t('signin.unsure')}</p>
      <p>
        <button type="button" className="button" onClick={() => void again()}>
          {t('shell.signOut')}
        </button>
      </p>
    </div>
  );
}
