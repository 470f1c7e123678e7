import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nProvider } from 'react-aria-components';
import { startLanguage, useLanguage } from './i18n';
import { startTheme } from './live/theme';
import { queries, router } from './router';
import { startKeys } from './shell/keys';
import './tokens.css';
import './base.css';
import './parts/states.css';

/** React Aria's own words follow the page's language. */
function Words({ children }: { children: ReactNode }) {
  return <I18nProvider locale={useLanguage() === 'zh-Hans' ? 'zh-CN' : 'en-GB'}>{children}</I18nProvider>;
}

startTheme();
startKeys();
const root = document.getElementById('root');
if (root) {
  void startLanguage()
    .catch(() => undefined)
    .then(() => {
      createRoot(root).render(
        <StrictMode>
          <QueryClientProvider client={queries}>
            <Words>
              <RouterProvider router={router} />
            </Words>
          </QueryClientProvider>
        </StrictMode>,
      );
    });
}
