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
  },
  server: {
    proxy: Object.fromEntries(['/api', '/fhir', '/health'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
