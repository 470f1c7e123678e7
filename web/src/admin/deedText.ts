import { isKnown, type Key, type Translate } from '../i18n';
import { deedsOf } from './trail';
import { keyOf } from './deeds';

/** What was done, in words; what the pages have no words for stays as the server says it. */
export function deedText(t: Translate, deed: string): string {
  const key = `did.${keyOf(deed)}`;
  return isKnown(key) ? t(key as Key) : deed;
}

export const deedsText = (t: Translate, what: string): string => deedsOf(what).map((deed) => deedText(t, deed)).join(', ');
