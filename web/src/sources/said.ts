import { isKnown, useLanguage, type Key, type Translate, type Values } from '../i18n';
import type { Doubt } from '../api/types';

/** A reason or remark in words; an unknown one as its code. */
export function reasonText(t: Translate, code: string): string {
  return isKnown(`reason.${code}`) ? t(`reason.${code}` as Key) : code;
}

/** A doubt in words; an unknown one as the server says it, in English. */
export function doubtText(t: Translate, { code, values, text }: Doubt): string {
  return isKnown(`doubt.${code}`) ? t(`doubt.${code}` as Key, values as Values) : text;
}

/** Why a code may be meant, in words; an unknown reason as the server says it, in English. */
export function whyText(t: Translate, { because: { code, values }, why }: { because: { code: string; values: object }; why: string }): string {
  return isKnown(`why.${code}`) ? t(`why.${code}` as Key, values as Values) : why;
}

/** A note on a delivery in words; an unknown one as the server says it, in English. */
export function noteText(t: Translate, { code, values, text }: Doubt): string {
  return isKnown(`note.${code}`) ? t(`note.${code}` as Key, values as Values) : text;
}

/** What the server says of a reason beyond its code: in English, so it is left out where the code says it in the reader's language. */
export function useDetail(code: string, message: string): string | undefined {
  const language = useLanguage();
  return message !== '' && (language === 'en' || !isKnown(`reason.${code}`)) ? message : undefined;
}
