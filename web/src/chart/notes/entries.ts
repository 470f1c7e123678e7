import { isWithheld, type Brought, type Resource } from '../batch';
import { codeOf, conceptText, each, member, target, text } from '../element';
import { startOf } from '../../parts/time';

/** How far a note can be relied on, whatever its type calls it. */
export type Standing = 'stands' | 'preliminary' | 'changed' | 'replaced' | 'cancelled' | 'wrong';

/** A note, report or document in the list. */
export interface Entry {
  ref: string;
  kind: 'report' | 'document' | 'composition';
  title: string;
  /** What it is of its kind, where its title does not say it. */
  note?: string;
  at?: string;
  author?: string;
  /** The FHIR code that says how far it is. */
  status: string;
  standing: Standing;
  /** A report that only gathers results: they stand under Labs. */
  isPanel: boolean;
  version: number;
  /** The narrative of a document that was taken apart. */
  sections?: string;
  replaces: string[];
  replacedBy?: string;
}

const WRONG = 'entered-in-error';
const STANDINGS = new Map<string, Standing>(
  Object.entries({
    registered: 'preliminary', partial: 'preliminary', preliminary: 'preliminary',
    amended: 'changed', corrected: 'changed', appended: 'changed',
    superseded: 'replaced', cancelled: 'cancelled', [WRONG]: 'wrong',
  } satisfies Record<string, Standing>),
);

export const standingOf = (status: string): Standing => STANDINGS.get(status) ?? 'stands';

/** Codes of diagnostic services (HL7 table 0074) and categories whose reports are results. */
const LABORATORY = new Set(['LAB', 'CH', 'HM', 'MB', 'SR', 'BG', 'IMM', 'TX', 'laboratory', '26436-6']);

const versionOf = (resource: Resource): number => Number(resource.meta?.versionId ?? 1) || 1;
const named = (all: Record<string, unknown>[]): string | undefined => {
  const names = all.flatMap((one) => text(one, 'display') ?? []);
  return names.length > 0 ? [...new Set(names)].join(', ') : undefined;
};
const replacedBy = (resource: Resource): string[] =>
  each(resource, 'relatesTo').flatMap((relation) => {
    const to = text(relation, 'code') === 'replaces' ? (target(member(relation, 'target')) ?? target(member(relation, 'targetReference'))) : undefined;
    return to ?? [];
  });

/** The status that counts: of a document, what became of it, else how far its text is. */
function statusOf(resource: Resource): string {
  const status = text(resource, 'status') ?? 'unknown';
  if (resource.resourceType !== 'DocumentReference') return status;
  return status === 'current' ? (text(resource, 'docStatus') ?? status) : status;
}

/** When it was written. */
export const timeOf = (resource: Resource): string | undefined =>
  text(resource, 'date') ?? text(resource, 'effectiveDateTime') ?? text(member(resource, 'effectivePeriod'), 'start') ?? text(resource, 'issued') ?? text(member(member(resource, 'context'), 'period'), 'start');

export function entryOf(resource: Resource): Entry {
  const ref = `${resource.resourceType}/${resource.id ?? ''}`;
  const status = statusOf(resource);
  const kind = resource.resourceType === 'DiagnosticReport' ? 'report' : resource.resourceType === 'Composition' ? 'composition' : 'document';
  const called = conceptText(resource['type']) ?? conceptText(resource['code']);
  const own = text(resource, 'title') ?? text(resource, 'description');
  const [at, author] = [timeOf(resource), named([...each(resource, 'author'), ...each(resource, 'resultsInterpreter'), ...each(resource, 'performer')])];
  const isLaboratory = each(resource, 'category').some((category) => LABORATORY.has(codeOf(category) ?? ''));
  return {
    ref,
    kind,
    title: own ?? called ?? '',
    ...(own !== undefined && called !== undefined && own !== called && { note: called }),
    ...(at !== undefined && { at }),
    ...(author !== undefined && { author }),
    status,
    standing: standingOf(status),
    isPanel: kind === 'report' && text(resource, 'conclusion') === undefined && (each(resource, 'result').length > 0 || isLaboratory),
    version: versionOf(resource),
    replaces: replacedBy(resource),
  };
}

/** The narrative that a document was taken apart into: `Composition/1`. */
export const sectionsOf = (document: Resource): string | undefined =>
  each(member(document, 'context'), 'related')
    .flatMap((related) => target(related) ?? [])
    .find((ref) => ref.startsWith('Composition/'));

/** The types of the list, in the order of its searches. */
export const TYPES = ['DiagnosticReport', 'DocumentReference', 'Composition'] as const;

/** Searches for what the list shows: newest first, and without what only the reader needs. */
export function firstSearches(patient: string): (string | undefined)[] {
  const of = (type: string, count: number, elements: string) => `${type}?patient=${encodeURIComponent(patient)}&_sort=-date&_count=${count}&_elements=${elements}`;
  return [
    of('DiagnosticReport', 100, 'status,category,code,effective,issued,performer,resultsInterpreter,conclusion,result'),
    // A document brings its content along, as FHIR demands of what it cannot do without: fewer at a time.
    of('DocumentReference', 50, 'status,docStatus,type,date,author,description,relatesTo,context'),
    of('Composition', 100, 'status,type,date,author,title,relatesTo'),
  ];
}

export interface NoteList {
  /** Newest first, as far back as all searches reach. */
  entries: Entry[];
  /** Where the searches go on, by the place of their type. */
  next: (string | undefined)[];
  withheld: string[];
  failed: string[];
}

/** What the steps brought as one list. A document and the narrative it was taken apart into are one entry. */
export function listOf(steps: readonly (readonly Brought[])[], zone: string): NoteList {
  const next: (string | undefined)[] = TYPES.map(() => undefined);
  const found: Resource[][] = TYPES.map(() => []);
  const withheld = new Set<string>();
  const failed = new Set<string>();
  for (const brought of steps) {
    brought.forEach((one, n) => {
      const type = TYPES[n];
      if (!type) return;
      if (isWithheld(one)) withheld.add(type);
      else if (one.status >= 400) failed.add(type);
      found[n]?.push(...one.found);
      next[n] = one.next;
    });
  }
  const placeOf = (entry: { at?: string }) => startOf(entry.at ?? '', zone);
  // Where a search goes on, what another one found that is older may have something newer before it.
  const horizon = Math.max(
    ...found.map((all, n) => (next[n] === undefined ? Number.NEGATIVE_INFINITY : Math.min(...all.map((resource) => placeOf(entryOf(resource))).filter((at_ms) => !Number.isNaN(at_ms))))),
  );
  const isWhole = next.every((url) => url === undefined);
  const entries = new Map(found.flat().map((resource) => [`${resource.resourceType}/${resource.id ?? ''}`, entryOf(resource)]));
  for (const document of found[1] ?? []) {
    const entry = entries.get(`DocumentReference/${document.id ?? ''}`);
    const sections = sectionsOf(document);
    if (!entry || sections === undefined) continue;
    entry.sections = sections;
    entries.delete(sections);
  }
  for (const entry of entries.values()) {
    for (const old of entry.replaces) {
      const replaced = entries.get(old);
      if (replaced && entry.standing !== 'wrong') replaced.replacedBy = entry.ref;
    }
  }
  const sorted = [...entries.values()]
    .map((entry) => ({ entry, at_ms: placeOf(entry) }))
    .filter(({ at_ms }) => isWhole || at_ms >= horizon)
    .toSorted((a, b) => (Number.isNaN(b.at_ms) ? Number.NEGATIVE_INFINITY : b.at_ms) - (Number.isNaN(a.at_ms) ? Number.NEGATIVE_INFINITY : a.at_ms) || a.entry.title.localeCompare(b.entry.title));
  return { entries: sorted.map(({ entry }) => entry), next, withheld: [...withheld], failed: [...failed] };
}

/** Steps further back: what has come to its end is not asked again. */
export const hasMore = (list: NoteList): boolean => list.next.some((url) => url !== undefined);
