import { json } from '../api/client';
import type { LinkState } from './states';

/** The links between records of people who may be one person, as the server tells them. */

export const PART_NAMES = ['number', 'name', 'phone', 'birthDate', 'sex', 'address'] as const;
export type PartName = (typeof PART_NAMES)[number];
export type Outcome = 'equal' | 'near' | 'differs' | 'missing';

export interface Person {
  id: string;
  active: boolean;
  name: string;
  birth_date: string | null;
  sex: string | null;
  numbers: string[];
  phones: string[];
  address: string | null;
  updated: string;
  source: string | null;
  deceased: boolean;
}

export interface LinkPart {
  name: PartName;
  outcome: Outcome;
  /** What it adds to the score, or takes from it. */
  weight: number;
  /** In which way it is alike: a code. */
  how: string | null;
}

export interface IdentityLink {
  id: string;
  state: 'waiting' | 'same' | 'different' | 'merged';
  /** From 0 to 1. */
  score: number;
  /** `null` of a pair that a message put together. */
  found: string | null;
  decided: string | null;
  decided_by: string | null;
  reason: string | null;
  /** The record that goes on, of a pair that is merged. */
  into: string | null;
  parts: LinkPart[];
  patients: [Person, Person];
}

export interface IdentityLinks {
  /** How many wait, whichever are asked for. */
  waiting: number;
  links: IdentityLink[];
  next_before: string | null;
}

const PAGE = 50;
const path = (id: string, act = ''): string => `/api/identity/${encodeURIComponent(id)}${act && `/${act}`}`;

export const fetchLinks = (state: LinkState, before: string | undefined, signal?: AbortSignal): Promise<IdentityLinks> =>
  json<IdentityLinks>(`/api/identity?${new URLSearchParams({ state, limit: String(PAGE), ...(before !== undefined && { before }) })}`, { signal });
export const fetchLink = (id: string, signal?: AbortSignal): Promise<IdentityLink> => json<IdentityLink>(path(id), { signal });

export const decide = (id: string, same: boolean): Promise<IdentityLink> => json<IdentityLink>(path(id, 'decide'), { method: 'POST', body: { same } });
export const merge = (id: string, into: string): Promise<IdentityLink> => json<IdentityLink>(path(id, 'merge'), { method: 'POST', body: { into } });
export const undo = (id: string): Promise<IdentityLink> => json<IdentityLink>(path(id, 'undo'), { method: 'POST', body: {} });

/** What of two records is compared, in the order in which a person is asked for it. */
export const FIELDS = ['name', 'birthDate', 'sex', 'number', 'phone', 'address'] as const satisfies readonly PartName[];

/** The values of a field of one record. */
export function valuesOf(person: Person, field: PartName): string[] {
  switch (field) {
    case 'name':
      return person.name ? [person.name] : [];
    case 'birthDate':
      return person.birth_date ? [person.birth_date] : [];
    case 'sex':
      return person.sex ? [person.sex] : [];
    case 'number':
      return person.numbers;
    case 'phone':
      return person.phones;
    case 'address':
      return person.address ? [person.address] : [];
  }
}

/** How a field of two records compares: as the server weighed it, else by what stands in both. */
export function outcomeOf({ parts, patients: [a, b] }: IdentityLink, field: PartName): Outcome {
  const part = parts.find(({ name }) => name === field);
  if (part) return part.outcome;
  const [left, right] = [valuesOf(a, field), valuesOf(b, field)];
  if (left.length === 0 || right.length === 0) return 'missing';
  return left.some((value) => right.includes(value)) ? 'equal' : 'differs';
}

/** Whether a value stands in the other record too: of several numbers the shared one is what matters. */
export const isShared = (value: string, field: PartName, other: Person): boolean => valuesOf(other, field).includes(value);
