import type { Identifier } from '../api/types';

/** A medical record number before any other: what staff ask for first. */
export function mainIdentifier(identifiers: Identifier[]): Identifier | undefined {
  return identifiers.find((i) => i.label === 'MRN' || i.label === 'MR') ?? identifiers[0];
}
