import type { ApiError } from '../api/client';
import type { Translate } from '../i18n';

/** Why one was not let in, in words for the one who tried. */
export function wordsOfRefusal(t: Translate, error: ApiError): string {
  if (error.status === 0) return t('failure.offline.text');
  if (error.status === 429) {
    // Of a lock the refusal says until when; that it may be asked again sooner is for programs.
    const until_ms = Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(error.message)?.[0] ?? '');
    if (!Number.isNaN(until_ms)) return t('signin.lockedMinutes', { minutes: Math.max(1, Math.ceil((until_ms - Date.now()) / 60_000)) });
    return error.wait_s === undefined ? t('signin.locked') : t('failure.busy.text', { seconds: error.wait_s });
  }
  if (/\bdisabled\b/.test(error.message)) return t('signin.disabled');
  if (error.status === 401) return t('signin.wrong');
  return error.message || t('failure.broken.text');
}

/** Why a sign-in link did not let one in. */
export function wordsOfLink(t: Translate, error: ApiError): string {
  if (error.code === 'link-used') return t('signin.link.used');
  if (error.code === 'link-expired') return t('signin.link.expired');
  if (error.status === 403 || error.status === 404 || error.status === 410) return t('signin.link.unknown');
  return wordsOfRefusal(t, error);
}
