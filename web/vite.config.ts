import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
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
          // One file for what every page needs; else a page's first load would be a dozen small requests.
          groups: [
            {
              name: 'base',
              test: /node_modules[\\/](react|react-dom|scheduler|use-sync-external-store|@tanstack[\\/](query-core|react-query|router-core|react-router|history|store|react-store))[\\/]|src[\\/](api|live|i18n[\\/](en[\\/]core|index|message|rooms)|parts[\\/](When|time\.ts|Toggle|Page|Failure|Waiting)|shell[\\/]leave)/,
              priority: 2,
            },
          ],
        },
      },
    },
  },
  server: {
    // The text of the licence stands beside this folder. `npm run dev` asks the program where `medweave serve` serves by itself, or at MEDWEAVE_SERVER.
    fs: { allow: ['..'] },
    proxy: Object.fromEntries(['/api', '/fhir', '/health', '/ready'].map((path) => [path, process.env['MEDWEAVE_SERVER'] ?? 'http://127.0.0.1:8400'])),
  },
});
