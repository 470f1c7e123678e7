import { useCallback, useRef, useState, type ReactNode } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { chooseLanguage, LANGUAGES, useLanguage, useT, type Language } from '../i18n';
import { useLocked } from '../live/lock';
import { useSession } from '../live/session';
import { chooseTheme, THEMES, useTheme } from '../live/theme';
import { useLeave } from './leave';
import { PopMenu, type PopMenuProps } from './PopMenu';

interface Props extends Omit<PopMenuProps, 'button' | 'from' | 'onClose'> {
  className?: string;
  children: ReactNode;
}

/** A button that opens a menu. */
export function MenuButton({ className, children, onChoose, ...menu }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  // What is above the page would be above the screen that covers it too.
  const locked = useLocked();
  const [from, setFrom] = useState<'first' | 'last'>();
  const open = from !== undefined && !locked;
  const close = useCallback(() => setFrom(undefined), []);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={`button ${className ?? ''}`}
        data-quiet
        aria-label={menu.label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setFrom(open ? undefined : 'first')}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          event.preventDefault();
          setFrom(event.key === 'ArrowDown' ? 'first' : 'last');
        }}
      >
        {children}
      </button>
      {open && (
        <PopMenu
          {...menu}
          button={button}
          from={from}
          onClose={close}
          onChoose={(id) => {
            setFrom(undefined);
            onChoose(id);
          }}
        />
      )}
    </>
  );
}

export function LanguageMenu() {
  const t = useT();
  const language = useLanguage();
  return (
    <MenuButton
      label={t('shell.language')}
      chosen={language}
      choices={Object.entries(LANGUAGES).map(([tag, name]) => ({ id: tag, text: name, lang: tag }))}
      onChoose={(tag) => chooseLanguage(tag as Language)}
    >
      <span aria-hidden>{language === 'zh-Hans' ? '中' : 'EN'}</span>
    </MenuButton>
  );
}

export function ThemeMenu() {
  const t = useT();
  return (
    <MenuButton
      label={t('shell.theme')}
      chosen={useTheme()}
      choices={THEMES.map((name) => ({ id: name, text: t(`theme.${name}`) }))}
      onChoose={(name) => {
        const wanted = THEMES.find((theme) => theme === name);
        if (wanted) chooseTheme(wanted);
      }}
    >
      <svg className="tool-icon" viewBox="0 0 16 16" aria-hidden>
        <circle cx="8" cy="8" r="5.5" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11Z" fill="currentcolor" />
      </svg>
    </MenuButton>
  );
}

export function AccountMenu({ onKeys }: { onKeys: () => void }) {
  const t = useT();
  const session = useSession();
  const navigate = useNavigate();
  const leave = useLeave();
  const name = session?.person?.name ?? session?.principal ?? '';
  return (
    <MenuButton
      className="account"
      label={t('shell.account', { name })}
      head={
        <>
          {name}
          {session?.person && <> · {t(`role.${session.person.role}`)}</>}
        </>
      }
      choices={[
        { id: 'me', text: t('me.title') },
        { id: 'keys', text: t('keys.title') },
        { id: 'leave', text: t('shell.signOut') },
      ]}
      onChoose={(id) => {
        if (id === 'keys') onKeys();
        else if (id === 'me') void navigate({ to: '/me' });
        else void leave();
      }}
    >
      <svg className="tool-icon account-icon" viewBox="0 0 16 16" aria-hidden>
        <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 6c0-3 2.5-4.5 6-4.5s6 1.5 6 4.5" />
      </svg>
      <span className="account-name">{name}</span>
      <span className="account-more" aria-hidden>
        ▾
      </span>
    </MenuButton>
  );
}
