import { isKnown, say, useLanguage, type Key, type Translate } from '../i18n';
import type { Doubt } from '../api/types';

/** A reason or remark in words; an unknown one as its code. */
export function reasonText(t: Translate, code: string): string {
  return isKnown(`reason.${code}`) ? t(`reason.${code}` as Key) : code;
}

/** A doubt in words. */
export const doubtText = (t: Translate, doubt: Doubt): string => say(t, `doubt.${doubt.code}`, doubt);

/** A note on a delivery in words. */
export const noteText = (t: Translate, note: Doubt): string => say(t, `note.${note.code}`, note);

/** Why a pull or a run failed, in words. */
export const problemText = (t: Translate, problem: Doubt): string => say(t, `problem.${problem.code}`, problem);

/** What the server says of a reason beyond its code: in English, so it is left out where the code says it in the reader's language. */
export function useDetail(code: string, message: string): string | undefined {
  const language = useLanguage();
  return message !== '' && (language === 'en' || !isKnown(`reason.${code}`)) ? message : undefined;
}
