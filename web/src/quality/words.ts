import type { QualityOutcome } from '../api/types';
import { isKnown, type Key, type Translate } from '../i18n';

type Sentence = Pick<QualityOutcome, 'check' | 'kind' | 'sentence' | 'values'>;

/** What a check says, in the words of the page's language; one that the catalogues do not know yet in those of the server. */
export function checkSentence(t: Translate, { check, kind, sentence, values }: Sentence): string {
  const name = kind === 'fhir' ? check : kind;
  return isKnown(`check.${name}`) ? t(`check.${name}` as Key, values) : sentence;
}

/** Why a check does not apply. */
export function whyNot(t: Translate, { because, reason }: Pick<QualityOutcome, 'because' | 'reason'>): string {
  return because && isKnown(`whyNot.${because.code}`) ? t(`whyNot.${because.code}` as Key, because.values) : (reason ?? '');
}

/** Where checks are defined, in words: the server names program, version and model in one line. */
export function definitionsText(t: Translate, definitions: string): string {
  const [, program, model] = /^(.+), definitions for CDM ([\d.]+)/.exec(definitions) ?? [];
  return program !== undefined && model !== undefined ? t('quality.definitionsOf', { program, model }) : definitions;
}
