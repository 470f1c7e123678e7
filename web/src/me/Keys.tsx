import { useId, useState } from 'react';
import { useT } from '../i18n';
import { Toggle } from '../parts/Toggle';
import { ACTIONS, conflict, isKeys, keysOf, resetKeys, setKeys, setSingleKeys, useOwnKeys, useSingleKeys, type Action } from '../shell/keymap';

/** Single-letter keys: off, or others than those they have at first (WCAG 2.1.4). */
export function Keys() {
  const t = useT();
  const single = useSingleKeys();
  const own = useOwnKeys();
  const [resets, setResets] = useState(0);
  return (
    <section aria-label={t('me.keys')} className="me-part">
      <h2>{t('me.keys')}</h2>
      <Toggle on={single} onChange={setSingleKeys}>
        {t('keys.single')}
      </Toggle>
      <p className="muted">{t('me.keysHint')}</p>
      <ul className="me-keys">
        {(Object.keys(ACTIONS) as Action[]).map((action) => (
          <KeyField key={`${action} ${resets}`} action={action} />
        ))}
      </ul>
      <p>
        <button
          type="button"
          className="button"
          disabled={Object.keys(own).length === 0}
          onClick={() => {
            resetKeys();
            setResets(resets + 1);
          }}
        >
          {t('me.keysReset')}
        </button>
      </p>
    </section>
  );
}

function KeyField({ action }: { action: Action }) {
  const t = useT();
  const id = useId();
  const [text, setText] = useState(keysOf(action));
  const wanted = text.trim();
  const hindered = isKeys(wanted) ? conflict(action, wanted) : undefined;
  const problem = !isKeys(wanted) ? t('me.keysForm') : hindered ? t('me.keysTaken', { action: t(hindered) }) : '';
  return (
    <li>
      <label htmlFor={id}>{t(action)}</label>
      <input
        id={id}
        className="input mono"
        value={text}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        aria-invalid={problem !== ''}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          if (isKeys(next.trim()) && !conflict(action, next.trim())) setKeys(action, next.trim());
        }}
      />
      {problem && (
        <span id={`${id}-problem`} role="alert" className="danger">
          {problem}
        </span>
      )}
    </li>
  );
}
