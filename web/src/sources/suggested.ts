import { say, type Translate } from '../i18n';

/** Why a code may be meant, in words; an unknown reason as the server says it, in English. */
export function whyText(t: Translate, { because: { code, values }, why }: { because: { code: string; values: object }; why: string }): string {
  return say(t, `suggested.${code}`, { values, text: why });
}
