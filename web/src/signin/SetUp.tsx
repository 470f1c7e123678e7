import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { ApiError, json } from '../api/client';
import type { SetUpCode } from '../api/types';
import { useT } from '../i18n';
import { forget } from '../live/session';
import { PageTitle } from '../parts/Page';
import { takeCode } from './code';
import { field } from './field';
import { Front } from './Front';
import { LEAST_CHARACTERS } from './password';

export function SetUp() {
  const t = useT();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [code] = useState(takeCode);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const failure = useRef<HTMLParagraphElement>(null);
  const ids = { code: useId(), name: useId(), password: useId(), rule: useId() };
  useEffect(() => {
    if (problem) failure.current?.focus();
  }, [problem]);
  // A link that is spent says so before a form is filled in for it.
  useEffect(() => {
    if (!code) return;
    json<SetUpCode>('/api/setup/check', { method: 'POST', body: { code } })
      .then(({ valid }) => !valid && setProblem(t('setup.spent')))
      .catch(() => undefined);
  }, [code, t]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = field(form, 'name').trim();
    const password = field(form, 'password');
    if ([...password].length < LEAST_CHARACTERS) {
      setProblem(t('setup.short', { count: LEAST_CHARACTERS }));
      return;
    }
    setBusy(true);
    setProblem('');
    try {
      await json('/api/setup', { method: 'POST', body: { code: code || field(form, 'code').trim(), name, password } });
      forget(queries);
      await navigate({ to: '/' });
    } catch (error) {
      const api = error instanceof ApiError ? error : undefined;
      if (api?.status === 0) setProblem(t('failure.offline.text'));
      else if (api && [401, 403, 404, 409, 410].includes(api.status)) setProblem(t('setup.spent'));
      else setProblem(api?.message || t('failure.broken.text'));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Front>
      <PageTitle>{t('setup.title')}</PageTitle>
      <p>{t('setup.text')}</p>
      {problem && (
        <p ref={failure} tabIndex={-1} className="notice" data-kind="danger" role="alert">
          {problem}
        </p>
      )}
      <form className="front-form" onSubmit={(event) => void submit(event)}>
        {!code && (
          <div className="field">
            <label htmlFor={ids.code}>{t('setup.code')}</label>
            <input id={ids.code} name="code" autoComplete="one-time-code" spellCheck={false} required className="mono" />
          </div>
        )}
        <div className="field">
          <label htmlFor={ids.name}>{t('signin.name')}</label>
          <input id={ids.name} name="name" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        </div>
        <div className="field">
          <label htmlFor={ids.password}>{t('signin.password')}</label>
          <input id={ids.password} name="password" type="password" autoComplete="new-password" required aria-describedby={ids.rule} />
          <p id={ids.rule} className="muted">
            {t('setup.rule', { count: LEAST_CHARACTERS })}
          </p>
        </div>
        <button type="submit" className="button" data-primary disabled={busy}>
          {t(busy ? 'signin.busy' : 'setup.submit')}
        </button>
      </form>
      <p>
        <Link to="/signin" search={{}}>
          {t('setup.toSignIn')}
        </Link>
      </p>
    </Front>
  );
}
