import type { Translate } from '../i18n';

const KNOWN = ['female', 'male', 'other', 'unknown'] as const;

/** FHIR administrative gender in words; "not known" for anything that is none. */
export function sexText(t: Translate, sex: string | undefined): string {
  return t(`sex.${KNOWN.find((known) => known === sex) ?? 'unknown'}`);
}
