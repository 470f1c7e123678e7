import type { ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { useLanguage } from '../i18n';

/** React Aria's own words follow the page's language. Around each of its parts, so that no page waits for it. */
export function AriaWords({ children }: { children: ReactNode }) {
  return <I18nProvider locale={useLanguage() === 'zh-Hans' ? 'zh-CN' : 'en-GB'}>{children}</I18nProvider>;
}
