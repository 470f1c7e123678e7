import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startLanguage } from './i18n';
import { startActivity } from './live/activity';
import { startSession } from './live/session';
import { startStyles } from './live/styles';
import { startTheme } from './live/theme';
import { queries, router } from './router';
import { startKeys } from './shell/keys';
import './tokens.css';
import './base.css';
import './parts/states.css';

startActivity();
startTheme();
startStyles();
startKeys();
startSession(queries);
const root = document.getElementById('root');
if (root) {
  void startLanguage()
    .catch(() => undefined)
    .then(() => {
      createRoot(root).render(
        <StrictMode>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </StrictMode>,
      );
    });
}
