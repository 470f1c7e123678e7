import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState, type FormEvent } from 'react';
import { send } from '../api/client';
import type { Token } from '../api/types';
import { useT } from '../i18n';
import { useNow } from '../live/clock';
import { takesFocus } from '../parts/acting';
import { Who } from '../parts/Who';
import { Instant } from '../parts/Instant';
import { Act, Fact, Panel } from '../parts/Panel';
import { TOKENS } from './queries';
import { Refused } from './Refused';
import { readScopes } from './scopes';
import { State } from './Tokens';
import { stateOf } from './tokenState';

/** One token: what it may do, and how it is revoked. */
export function OneToken({ token, onClose }: { token: Token; onClose: () => void }) {
  const t = useT();
  const now_ms = useNow(30_000);
  return (
    <Panel title={token.name} onClose={onClose}>
      <dl className="where-facts">
        <Fact name={t('tokens.state')}>
          <State token={token} now_ms={now_ms} /> {token.revoked && <Instant at={token.revoked} />}
        </Fact>
        <Fact name={t('tokens.made')}>
          <Instant at={token.created} /> · <Who who={token.created_by} />
        </Fact>
        <Fact name={t('tokens.used')}>{token.used ? <Instant at={token.used} /> : t('tokens.never')}</Fact>
        <Fact name={t('tokens.expires')}>{token.expires ? <Instant at={token.expires} /> : t('tokens.noEnd')}</Fact>
        <Fact name={t('tokens.number')}>token/{token.id}</Fact>
      </dl>
      <Act title={t('tokens.scopes')}>
        <ul className="admin-scopes">
          {readScopes(token.scope).map((scope) => (
            <li key={scope.text}>
              <code>{scope.text}</code>
              {scope.rights.length > 0 && (
                <span className="muted">
                  {scope.type === '*' ? t('tokens.allTypes') : scope.type}: {scope.rights.map((right) => t(`right.${right}`)).join(', ')}
                </span>
              )}
            </li>
          ))}
        </ul>
      </Act>
      <p>
        <Link to="/admin/{-$part}" params={{ part: 'audit' }} search={{ about: `token/${token.id}` }}>
          {t('tokens.trail')}
        </Link>
      </p>
      <Revoke token={token} isRevoked={stateOf(token, now_ms) === 'revoked'} />
    </Panel>
  );
}

/** Revoking cannot be taken back: what is lost is said, and the token's name typed. */
function Revoke({ token: { id, name }, isRevoked }: { token: Token; isRevoked: boolean }) {
  const t = useT();
  const queries = useQueryClient();
  const word = useId();
  const [typed, setTyped] = useState('');
  const revoke = useMutation({
    mutationFn: () => send(`/api/tokens/${id}`, { method: 'DELETE' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: TOKENS }),
  });
  const ready = typed.trim() === name && !revoke.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) revoke.mutate();
  };
  if (isRevoked) {
    if (!revoke.isSuccess) return null;
    return (
      <p ref={takesFocus} className="notice" role="status" tabIndex={-1}>
        {t('tokens.isRevoked')}
      </p>
    );
  }
  return (
    <Act title={t('tokens.revoke')}>
      <p className="muted">{t('tokens.revokeText')}</p>
      <form className="admin-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor={word}>
            {t('tokens.typeName')} <code>{name}</code>
          </label>
          <input id={word} value={typed} autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
        </div>
        <p className="admin-ways">
          <button type="submit" className="button" data-danger aria-disabled={!ready || undefined}>
            {t('tokens.revokeNow')}
          </button>
        </p>
      </form>
      <Refused error={revoke.error} />
    </Act>
  );
}
