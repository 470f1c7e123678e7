import type { LabTest } from '../api/types';
import type { Language, Translate } from '../i18n';

/** Vital signs that every ward has, by LOINC code: their names are known in each language of the pages. */
const VITALS = ['8867-4', '9279-1', '59408-5', '2708-6', '3151-8', '8310-5', '8480-6', '8462-4', '8478-0', '29463-7', '8302-2', '39156-5'] as const;

const HAN = /\p{Script=Han}/u;

/** What a test is called: as the source calls it; a vital sign that it calls so in another language, in the page's. */
export function testName(t: Translate, language: Language, test: LabTest): string {
  const { text, code } = test.code;
  const vital = language === 'zh-Hans' && !HAN.test(text) ? VITALS.find((known) => known === code) : undefined;
  return vital ? t(`vital.${vital}`) : text;
}
