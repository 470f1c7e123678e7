import react from '@vitejs/plugin-react';
import optimizeLocales from '@react-aria/optimize-locales-plugin';
import { defineConfig } from 'vite';

// The locales of React Aria's own words that the pages can show; the rest would be dead weight.
const locales = optimizeLocales.vite({ locales: ['en-GB', 'en-US', 'zh-CN'] });

export default defineConfig({
  plugins: [{ ...locales, enforce: 'pre' }, react()],
  build: {
    target: 'es2022',
    manifest: true,
    sourcemap: false,
    // Everything is served with `script-src 'self'`: nothing may be inlined as a data URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          // One file for what every page needs, one for React Aria (menus and dialogs wait for it, no page does); else a page's
          // first load would be a dozen small requests.
          groups: [
            {
              name: 'base',
              test: /node_modules[\\/](react|react-dom|scheduler|use-sync-external-store|intl-messageformat|@formatjs|@tanstack[\\/](query-core|react-query|router-core|react-router|history|store|react-store))[\\/]|src[\\/](api|live|i18n[\\/]en|i18n[\\/]index|parts[\\/](When|time\.ts|Toggle|Page|Failure|Waiting)|shell[\\/]leave)/,
              priority: 2,
            },
            { name: 'aria', test: /node_modules[\\/](react-aria|react-stately|@react-aria|@react-stately|@internationalized|react-aria-components)/, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(['/api', '/fhir', '/health'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
