import type { Identifier } from '../api/types';
import type { Key, Translate } from '../i18n';

/** A medical record number before any other: what staff ask for first. */
export function mainIdentifier(identifiers: Identifier[]): Identifier | undefined {
  return identifiers.find((i) => i.label === 'MRN' || i.label === 'MR') ?? identifiers[0];
}

/** Kinds of identifiers of HL7 table 0203 that have a word of their own. */
const KINDS: Record<string, Key> = { MRN: 'identifier.mrn', MR: 'identifier.mrn', NNCHN: 'identifier.card', SS: 'identifier.social', PPN: 'identifier.passport', DL: 'identifier.licence' };

/** What an identifier is, in words where its kind is known, else as its label says it. */
export function identifierLabel(t: Translate, label: string): string {
  const key = KINDS[label];
  return key ? t(key) : label;
}
