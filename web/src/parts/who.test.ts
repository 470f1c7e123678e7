import { expect, it } from 'vitest';
import { translator } from '../i18n';
import { whoText } from './who';

it('says who did something as people say it', () => {
  const t = translator('en');
  expect(whoText(t, 'person/2 (Ada Ward)')).toBe('Ada Ward');
  expect(whoText(t, 'person/7 (Wei (night))')).toBe('Wei (night)');
  expect(whoText(t, 'operator/0 (root)')).toBe('root, at the server');
  expect(whoText(t, 'token/4 (nightly)')).toBe('program nightly');
  expect(whoText(t, 'Ada Ward')).toBe('Ada Ward');
});
