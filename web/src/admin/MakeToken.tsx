import { useId, useState } from 'react';
import { useT } from '../i18n';
import { useZone } from '../live/session';
import { zoneName } from '../parts/time';
import { Copyable } from './Copyable';
import { Panel } from '../parts/Panel';
import { commandOf, readTypes, RIGHTS, scopeText, type Right } from './scopes';

/**
 * Tokens hold clinical rights, and nobody hands on what he does not hold: the operator of the machine makes them. What the token is to be allowed is
 * chosen here, and what comes of it is the command.
 */
export function MakeToken({ onClose }: { onClose: () => void }) {
  const t = useT();
  const zone = useZone();
  const ids = { name: useId(), types: useId(), hint: useId(), wrong: useId(), expires: useId() };
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [rights, setRights] = useState<Right[]>(['r', 's']);
  const [expires, setExpires] = useState('');
  const { types, wrong } = readTypes(text);
  const choose = (right: Right, on: boolean) => setRights(on ? [...rights, right] : rights.filter((one) => one !== right));
  return (
    <Panel title={t('tokens.make')} onClose={onClose}>
      <p className="notice">{t('tokens.who')}</p>
      <div className="admin-form">
        <div className="field">
          <label htmlFor={ids.name}>{t('tokens.name')}</label>
          <input id={ids.name} maxLength={100} autoComplete="off" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
        </div>
        <div className="field">
          <label htmlFor={ids.types}>{t('tokens.types')}</label>
          <input id={ids.types} autoComplete="off" autoCapitalize="none" spellCheck={false} value={text} aria-invalid={wrong.length > 0} aria-describedby={`${ids.hint} ${ids.wrong}`} onChange={(event) => setText(event.target.value)} />
          <p id={ids.hint} className="muted">
            {t('tokens.typesHint')}
          </p>
          <p id={ids.wrong} role="status" className="danger">
            {wrong.length > 0 && t('tokens.typesWrong', { words: wrong.join(', ') })}
          </p>
        </div>
        <fieldset className="admin-roles">
          <legend>{t('tokens.rights')}</legend>
          {RIGHTS.map((right) => (
            <label key={right} className="admin-option">
              <input type="checkbox" checked={rights.includes(right)} onChange={(event) => choose(right, event.target.checked)} />
              <span>
                <code>{right}</code> {t(`right.${right}`)}
              </span>
            </label>
          ))}
        </fieldset>
        <div className="field">
          <label htmlFor={ids.expires}>{t('tokens.lastDay')}</label>
          <input id={ids.expires} type="date" value={expires} onChange={(event) => setExpires(event.target.value)} />
          <p className="muted">{t('tokens.lastDayHint', { zone: zoneName(zone) })}</p>
        </div>
      </div>
      {rights.length === 0 ? (
        <p className="notice" data-kind="warn" role="status">
          {t('tokens.noRights')}
        </p>
      ) : (
        <>
          <p>
            {t('tokens.command')} <code>{scopeText(types, rights)}</code>
          </p>
          <Copyable text={commandOf({ name, types, rights, expires }, zone)} label={t('tokens.copyCommand')} />
          <p className="muted">{t('tokens.commandText')}</p>
        </>
      )}
    </Panel>
  );
}
