import { expect, it } from 'vitest';
import { translator } from '../i18n';
import { identifierLabel } from './identifier';

it('names known kinds of identifiers, and leaves others as they are', () => {
  const t = translator('en');
  expect(['MR', 'MRN', 'NNCHN', 'Ward number'].map((label) => identifierLabel(t, label))).toEqual(['MRN', 'MRN', 'Identity card', 'Ward number']);
});
