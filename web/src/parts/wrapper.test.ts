import { expect, it } from 'vitest';
import { fetchTexts, translator } from '../i18n';
import { wrapperText } from './wrapper';

it('says what an arrival was packed in', async () => {
  await fetchTexts(['where']);
  const t = translator('en');
  expect(wrapperText(t, 'zip of 1200000 bytes blake3 0a1b, gzip of 7 bytes blake3 5ffe')).toBe('in zip of 1,200,000 bytes (BLAKE3 0a1b) · in gzip of 7 bytes (BLAKE3 5ffe)');
  expect(wrapperText(t, 'gzip')).toBe('gzip');
});
