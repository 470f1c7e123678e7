import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useRef, useState, type FormEvent } from 'react';
import { json } from '../api/client';
import type { Account, ChangeUser, Role } from '../api/types';
import { useT } from '../i18n';
import { sessionQuery, useSession } from '../live/session';
import { acting } from '../parts/acting';
import { field } from '../signin/field';
import { LEAST_CHARACTERS } from '../signin/password';
import { Instant } from '../parts/Instant';
import { OneTimeLink } from './OneTimeLink';
import { Act, Fact, Panel } from '../parts/Panel';
import { AccountState } from './People';
import { ROLES } from './roles';
import { USERS } from './queries';
import { Refused } from './Refused';
import { useOfferUndo } from './undo';

interface Props {
  account: Account;
  /** Whether the duty of security is held. */
  mayChange: boolean;
  isOwn: boolean;
  onClose: () => void;
}

const change = (id: number, body: ChangeUser) => json<Account>(`/api/users/${id}`, { method: 'PATCH', body });

/** One account: what it is, and what an administrator can do to it. */
export function Person({ account, mayChange, isOwn, onClose }: Props) {
  const t = useT();
  const { id, name, display, role, created, disabled, password_set } = account;
  const seesTrails = useSession()?.duties.includes('audit') ?? false;
  return (
    <Panel title={display} onClose={onClose}>
      <dl className="where-facts">
        <Fact name={t('people.account')}>
          <code>{name}</code> <span className="muted">person/{id}</span>
        </Fact>
        <Fact name={t('people.role')}>{t(`role.${role}`)}</Fact>
        <Fact name={t('people.state')}>
          <AccountState account={account} /> {disabled && <Instant at={disabled} />}
        </Fact>
        <Fact name={t('people.passwordSet')}>
          <Instant at={password_set} />
        </Fact>
        <Fact name={t('people.made')}>
          <Instant at={created} />
        </Fact>
      </dl>
      {seesTrails && (
        <p>
          <Link to="/admin/{-$part}" params={{ part: 'audit' }} search={{ about: `person/${id} ${name}` }}>
            {t('people.trail')}
          </Link>
        </p>
      )}
      {!mayChange ? (
        <p className="notice">{t('people.others')}</p>
      ) : isOwn ? (
        <p className="notice">
          {t('people.own')} <Link to="/me">{t('me.title')}</Link>
        </p>
      ) : (
        <>
          {!disabled && <OneTimeLink account={account} />}
          <SignInLock account={account} />
          <RoleChoice account={account} />
          <Password account={account} />
          <Disabling account={account} />
        </>
      )}
    </Panel>
  );
}

/** A change of an account, and how it is said and taken back where it can be. */
interface Changing {
  body: ChangeUser;
  back?: { text: string; body: ChangeUser };
}

/** Changes an account, has the list asked for anew, and offers to take the change back: also if the panel is closed by then. */
function useChange(id: number) {
  const queries = useQueryClient();
  const offer = useOfferUndo();
  // Whoever is appointed for a duty takes it from administrators: oneself may have it no longer.
  const again = () => Promise.all([queries.invalidateQueries({ queryKey: USERS }), queries.fetchQuery({ ...sessionQuery, staleTime: 0 })]);
  return useMutation({
    mutationFn: ({ body }: Changing) => change(id, body),
    onSuccess: (_, { back }) => {
      if (back) offer({ text: back.text, undo: () => change(id, back.body).finally(again) });
      return again();
    },
    // A password is kept nowhere once it was sent.
    gcTime: 0,
  });
}

/** The lock that wrong passwords leave for a quarter of an hour. */
function SignInLock({ account: { id } }: { account: Account }) {
  const t = useT();
  const mutation = useChange(id);
  return (
    <Act title={t('people.lock')}>
      <p className="muted">{t('people.lockText')}</p>
      <p className="admin-ways">
        <button type="button" className="button" {...acting(mutation.isPending, () => mutation.mutate({ body: { unlock: true } }))}>
          {t('people.unlock')}
        </button>
        <span role="status">{mutation.isSuccess && t('people.unlocked')}</span>
      </p>
      <Refused error={mutation.error} />
    </Act>
  );
}

function RoleChoice({ account: { id, display, role } }: { account: Account }) {
  const t = useT();
  const select = useId();
  const mutation = useChange(id);
  const [chosen, setChosen] = useState<Role>(role);
  const [before, setBefore] = useState<Role>(role);
  // It was changed, here or by somebody else, or taken back.
  if (role !== before) {
    setBefore(role);
    setChosen(role);
  }
  const word = (one: Role) => t(`role.${one}`);
  const submit = () => mutation.mutate({ body: { role: chosen }, back: { text: t('people.roleChanged', { name: display, role: word(chosen) }), body: { role } } });
  return (
    <Act title={t('people.role')}>
      <p className="muted">{t(`people.role.${chosen}`)} {t('people.endsSessions')}</p>
      <p className="admin-ways">
        <label htmlFor={select}>{t('people.role')}</label>
        <select id={select} className="input admin-choice" value={chosen} onChange={(event) => setChosen(ROLES.find((one) => one === event.target.value) ?? role)}>
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {word(one)}
            </option>
          ))}
        </select>
        <button type="button" className="button" {...acting(mutation.isPending || chosen === role, submit)}>
          {t('people.changeRole')}
        </button>
      </p>
      <Refused error={mutation.error} />
    </Act>
  );
}

/** A new password: what the person had is lost, which the form says; typing the new one is the typed word. */
function Password({ account: { id } }: { account: Account }) {
  const t = useT();
  const ids = { password: useId(), rule: useId() };
  const form = useRef<HTMLFormElement>(null);
  const mutation = useChange(id);
  const [short, setShort] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = field(new FormData(event.currentTarget), 'password');
    setShort([...password].length < LEAST_CHARACTERS);
    if ([...password].length < LEAST_CHARACTERS || mutation.isPending) return;
    mutation.mutate({ body: { password } }, { onSuccess: () => form.current?.reset() });
  };
  return (
    <Act title={t('people.reset')}>
      <p className="muted">{t('people.resetText')}</p>
      <form ref={form} className="admin-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor={ids.password}>{t('people.newPassword')}</label>
          <input id={ids.password} name="password" type="password" autoComplete="new-password" required aria-describedby={ids.rule} />
          <p id={ids.rule} className="muted">
            {t('setup.rule', { count: LEAST_CHARACTERS })}
          </p>
        </div>
        {short && (
          <p className="notice" data-kind="danger" role="alert">
            {t('setup.short', { count: LEAST_CHARACTERS })}
          </p>
        )}
        <p className="admin-ways">
          <button type="submit" className="button" data-danger aria-disabled={mutation.isPending || undefined}>
            {t('people.resetNow')}
          </button>
          <span role="status">{mutation.isSuccess && t('people.resetDone')}</span>
        </p>
      </form>
      <Refused error={mutation.error} />
    </Act>
  );
}

function Disabling({ account: { id, display, disabled } }: { account: Account }) {
  const t = useT();
  const mutation = useChange(id);
  const disable = !disabled;
  const submit = () => mutation.mutate({ body: { disabled: disable }, back: { text: t(disable ? 'people.wasDisabled' : 'people.wasEnabled', { name: display }), body: { disabled: !disable } } });
  return (
    <Act title={t(disable ? 'people.disable' : 'people.enable')}>
      <p className="muted">{t(disable ? 'people.disableText' : 'people.enableText')}</p>
      <p className="admin-ways">
        <button type="button" className="button" {...(disable && { 'data-danger': '' })} {...acting(mutation.isPending, submit)}>
          {t(disable ? 'people.disable' : 'people.enable')}
        </button>
      </p>
      <Refused error={mutation.error} />
    </Act>
  );
}
