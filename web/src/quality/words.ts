import type { QualityOutcome } from '../api/types';
import { format, isKnown, type Key, type Language, type Translate } from '../i18n';
import english from './sentences.en.json';
import chinese from './sentences.zh-Hans.json';

type Sentence = Pick<QualityOutcome, 'check' | 'kind' | 'sentence' | 'values'>;

/** The sentences of checks, by type, and by name of those over the tables of FHIR: too many for the catalogue that all pages load. */
const SENTENCES: Record<Language, Record<string, string>> = { en: english, 'zh-Hans': chinese };

/** What a check says, in the words of the page's language; one that the pages do not know yet in those of the server. */
export function checkSentence(language: Language, { check, kind, sentence, values }: Sentence): string {
  const name = kind === 'fhir' ? check : kind;
  const messages = SENTENCES[language];
  const words = messages[name];
  return words === undefined ? sentence : format(language, words, values);
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
