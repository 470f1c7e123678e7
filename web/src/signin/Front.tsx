import type { ReactNode } from 'react';
import { useT } from '../i18n';
import { LanguageMenu, ThemeMenu } from '../shell/Menus';
import './front.css';

/** The frame of the pages before anybody is signed in. */
export function Front({ children }: { children: ReactNode }) {
  const t = useT();
  return (
    <div className="front">
      <header className="front-top">
        <span className="front-brand">
          <img src="/icon.svg" alt="" width={24} height={24} />
          medweave
        </span>
        <span className="front-tools">
          <LanguageMenu />
          <ThemeMenu />
        </span>
      </header>
      <main className="front-main">{children}</main>
      <footer className="front-foot muted">{t('front.notice')}</footer>
    </div>
  );
}
