import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { json } from '../api/client';
import type { MadeUser, Role } from '../api/types';
import { useT } from '../i18n';
import { field } from '../signin/field';
import { LEAST_CHARACTERS } from '../signin/password';
import { Panel } from '../parts/Panel';
import { USERS } from './queries';
import { sessionQuery } from '../live/session';
import { Refused } from './Refused';
import { ROLES } from './roles';

interface Props {
  onMade: (id: number) => void;
  onClose: () => void;
}

interface New {
  name: string;
  display: string;
  role: Role;
  password: string;
}

/** A new account. Its first password is told to the person, who changes it. */
export function MakePerson({ onMade, onClose }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const ids = { name: useId(), display: useId(), password: useId(), rule: useId(), hint: useId() };
  const [short, setShort] = useState(false);
  const [role, setRole] = useState<Role>('clinician');
  const make = useMutation({
    mutationFn: (body: New) => json<MadeUser>('/api/users', { method: 'POST', body }),
    onSuccess: async ({ id }) => {
      await Promise.all([queries.invalidateQueries({ queryKey: USERS }), queries.fetchQuery({ ...sessionQuery, staleTime: 0 })]);
      onMade(id);
    },
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const password = field(typed, 'password');
    const isShort = [...password].length < LEAST_CHARACTERS;
    setShort(isShort);
    if (isShort || make.isPending) return;
    make.mutate({ name: field(typed, 'name'), display: field(typed, 'display'), role, password });
  };
  return (
    <Panel title={t('people.make')} onClose={onClose}>
      <form className="admin-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor={ids.display}>{t('people.name')}</label>
          <input id={ids.display} name="display" required maxLength={100} autoComplete="off" />
        </div>
        <div className="field">
          <label htmlFor={ids.name}>{t('people.account')}</label>
          <input id={ids.name} name="name" required maxLength={100} autoComplete="off" autoCapitalize="none" spellCheck={false} aria-describedby={ids.hint} />
          <p id={ids.hint} className="muted">
            {t('people.accountHint')}
          </p>
        </div>
        <fieldset className="admin-roles">
          <legend>{t('people.role')}</legend>
          {ROLES.map((one) => (
            <label key={one} className="admin-option">
              <input type="radio" name="role" checked={one === role} onChange={() => setRole(one)} />
              <span>
                {t(`role.${one}`)} <span className="muted">{t(`people.role.${one}`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div className="field">
          <label htmlFor={ids.password}>{t('people.firstPassword')}</label>
          <input id={ids.password} name="password" type="password" autoComplete="new-password" required aria-describedby={ids.rule} />
          <p id={ids.rule} className="muted">
            {t('setup.rule', { count: LEAST_CHARACTERS })} {t('people.firstPasswordHint')}
          </p>
        </div>
        {short && (
          <p className="notice" data-kind="danger" role="alert">
            {t('setup.short', { count: LEAST_CHARACTERS })}
          </p>
        )}
        <Refused error={make.error} />
        <p className="admin-ways">
          <button type="submit" className="button" data-primary aria-disabled={make.isPending || undefined}>
            {t(make.isPending ? 'signin.busy' : 'people.makeNow')}
          </button>
        </p>
      </form>
    </Panel>
  );
}
