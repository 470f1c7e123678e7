import { useLanguage, type Key, type Translate, type Values } from '../i18n';
import english from '../i18n/en.json';
import type { Doubt } from '../api/types';

/** Whether the catalogues have words for a code of the server; one that is newer than the pages has none. */
const isKnown = (key: string): boolean => key in english;

/** A reason or remark in words; an unknown one as its code. */
export function reasonText(t: Translate, code: string): string {
  return isKnown(`reason.${code}`) ? t(`reason.${code}` as Key) : code;
}

/** A doubt in words; an unknown one as the server says it, in English. */
export function doubtText(t: Translate, { code, values, text }: Doubt): string {
  return isKnown(`doubt.${code}`) ? t(`doubt.${code}` as Key, values as Values) : text;
}

/** What the server says of a reason beyond its code: in English, so it is left out where the code says it in the reader's language. */
export function useDetail(code: string, message: string): string | undefined {
  const language = useLanguage();
  return message !== '' && (language === 'en' || !isKnown(`reason.${code}`)) ? message : undefined;
}
