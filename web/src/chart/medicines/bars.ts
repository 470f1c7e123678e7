import type { Chart, Medication } from '../../api/types';
import { startOf } from '../../parts/time';
import type { Brought, Resource } from '../batch';
import { conceptText, each, member, quantityText, target, text } from '../element';

/** What a record says of a medicine. */
export type Kind = 'order' | 'statement' | 'given' | 'dispensed' | 'vaccination';

/** How it ended: at a time, not yet, at a time that nobody wrote down, or it is a moment without length. */
export type End = 'known' | 'open' | 'unknown' | 'moment';

/** A stretch or a moment of one record of a medicine. */
export interface Bar {
  ref: string;
  kind: Kind;
  status: string;
  intent?: string;
  from_ms: number;
  to_ms: number;
  /** As the source writes them. */
  at: string;
  until?: string;
  end: End;
  dose?: string;
  reason?: string;
  /** Ordered or taken now. */
  active: boolean;
  wrong: boolean;
}

/** All of one medicine. */
export interface Line {
  key: string;
  name: string;
  isVaccine: boolean;
  active: boolean;
  /** Oldest first. */
  bars: Bar[];
}

export interface Medicines {
  lines: Line[];
  /** Records without a time: they stand in the table alone. */
  timeless: { name: string; bar: Bar }[];
}

const DAY_MS = 24 * 3_600_000;
const WRONG = 'entered-in-error';

/** The end of what a text means: a day counts to its end. */
const endOf = (at: string, zone: string): number => startOf(at, zone) + (at.includes('T') ? 0 : DAY_MS);

export const TYPES = ['MedicationAdministration', 'MedicationDispense', 'Immunization'] as const;

/** Searches for what the chart does not bring along: newest first. */
export function firstSearches(patient: string): (string | undefined)[] {
  const id = encodeURIComponent(patient);
  return [
    `MedicationAdministration?patient=${id}&_sort=-effective-time&_count=500&_elements=status,medication,effective,dosage,reasonCode,contained&_include=MedicationAdministration:medication`,
    `MedicationDispense?patient=${id}&_sort=-whenhandedover&_count=500&_elements=status,medication,whenPrepared,whenHandedOver,daysSupply,quantity,dosageInstruction,contained&_include=MedicationDispense:medication`,
    `Immunization?patient=${id}&_sort=-date&_count=500&_elements=status,vaccineCode,occurrence,doseQuantity,protocolApplied,statusReason`,
  ];
}

function ofMedication(medication: Medication, now_ms: number, zone: string): { name: string; bar: Bar } {
  const { ref, status = 'unknown', intent, since = '', until, dose, reason, active } = medication;
  const from_ms = startOf(since, zone);
  const end: End = until !== undefined ? 'known' : active ? 'open' : 'unknown';
  const to_ms = until !== undefined ? Math.max(from_ms, endOf(until, zone)) : active ? Math.max(from_ms, now_ms) : from_ms;
  const kind: Kind = ref.startsWith('MedicationStatement/') ? 'statement' : 'order';
  return {
    name: medication.code.text,
    bar: {
      ref, kind, status, from_ms, to_ms, at: since, end, active, wrong: status === WRONG,
      ...(intent !== undefined && { intent }), ...(until !== undefined && { until }), ...(dose !== undefined && { dose }), ...(reason !== undefined && { reason }),
    },
  };
}

/** What a record calls its medicine: in itself, in a contained resource, in one that came along, or in the reference's own words. */
function nameOf(resource: Resource, drugs: ReadonlyMap<string, Resource>): string {
  const own = conceptText(resource['medicationCodeableConcept']) ?? conceptText(resource['vaccineCode']);
  if (own !== undefined) return own;
  const reference = member(resource, 'medicationReference');
  const to = text(reference, 'reference') ?? '';
  const drug = to.startsWith('#') ? each(resource, 'contained').find((one) => text(one, 'id') === to.slice(1)) : drugs.get(target(reference) ?? '');
  return conceptText(member(drug, 'code')) ?? text(reference, 'display') ?? to;
}

function doseOf(resource: Resource): string | undefined {
  const written = each(resource, 'dosageInstruction').map((dosage) => text(dosage, 'text')).find((words) => words !== undefined);
  const dosage = member(resource, 'dosage');
  const parts = [
    text(dosage, 'text') ?? quantityText(member(dosage, 'dose')),
    quantityText(member(resource, 'doseQuantity')),
    quantityText(member(resource, 'quantity')),
    written,
    conceptText(member(dosage, 'route')),
    ...each(resource, 'protocolApplied').map((protocol) => text(protocol, 'doseNumberPositiveInt') ?? text(protocol, 'doseNumberString')).map((number) => (number === undefined ? undefined : `№ ${number}`)),
  ];
  const said = parts.filter((part) => part !== undefined);
  return said.length > 0 ? said.join(' · ') : undefined;
}

function ofResource(resource: Resource, drugs: ReadonlyMap<string, Resource>, now_ms: number, zone: string): { name: string; bar: Bar } {
  const status = text(resource, 'status') ?? 'unknown';
  const kind: Kind = resource.resourceType === 'Immunization' ? 'vaccination' : resource.resourceType === 'MedicationDispense' ? 'dispensed' : 'given';
  const period = member(resource, 'effectivePeriod');
  const at =
    kind === 'dispensed'
      ? (text(resource, 'whenHandedOver') ?? text(resource, 'whenPrepared') ?? '')
      : (text(resource, 'effectiveDateTime') ?? text(period, 'start') ?? text(resource, 'occurrenceDateTime') ?? text(resource, 'occurrenceString') ?? '');
  const from_ms = startOf(at, zone);
  const days = Number(text(member(resource, 'daysSupply'), 'value'));
  const until = text(period, 'end');
  const isRunning = status === 'in-progress' && until === undefined;
  const to_ms = until !== undefined ? Math.max(from_ms, endOf(until, zone)) : isRunning ? Math.max(from_ms, now_ms) : kind === 'dispensed' && days > 0 ? from_ms + days * DAY_MS : from_ms;
  const dose = doseOf(resource);
  const reason = [...each(resource, 'reasonCode'), ...each(resource, 'statusReason')].map((one) => conceptText(one)).find((words) => words !== undefined);
  return {
    name: nameOf(resource, drugs),
    bar: {
      ref: `${resource.resourceType}/${resource.id ?? ''}`, kind, status, from_ms, to_ms, at, end: isRunning ? 'open' : to_ms > from_ms ? 'known' : 'moment', active: isRunning, wrong: status === WRONG,
      ...(until !== undefined && { until }), ...(dose !== undefined && { dose }), ...(reason !== undefined && { reason }),
    },
  };
}

/** Every record of medicines, gathered by what they are called: those of now first, then the newest; vaccines last. */
export function medicinesOf(chart: Pick<Chart, 'medications' | 'as_of' | 'patient'>, steps: readonly (readonly Brought[])[], errors: boolean, zone: string): Medicines {
  const died_ms = endOf(chart.patient.died ?? '', zone);
  // What nobody ended goes on to this day, and not beyond a death.
  const now_ms = Math.min(Date.parse(chart.as_of) || 0, Number.isNaN(died_ms) ? Number.POSITIVE_INFINITY : died_ms);
  const drugs = new Map(steps.flat().flatMap(({ included }) => included.map((one) => [`${one.resourceType}/${one.id ?? ''}`, one] as const)));
  const seen = new Set<string>();
  const all = [
    ...chart.medications.map((medication) => ofMedication(medication, now_ms, zone)),
    ...steps.flat().flatMap(({ found }) => found.map((resource) => ofResource(resource, drugs, now_ms, zone))),
  ].filter(({ bar }) => (errors || !bar.wrong) && !seen.has(bar.ref) && seen.add(bar.ref));
  const lines = new Map<string, Line>();
  const timeless: Medicines['timeless'] = [];
  for (const { name, bar } of all) {
    if (Number.isNaN(bar.from_ms)) {
      timeless.push({ name, bar });
      continue;
    }
    const isVaccine = bar.kind === 'vaccination';
    const key = `${isVaccine ? 'v' : 'm'} ${name.trim().toLowerCase()}`;
    const line = lines.get(key) ?? { key, name, isVaccine, active: false, bars: [] };
    line.bars.push(bar);
    line.active ||= bar.active;
    lines.set(key, line);
  }
  const newest = (line: Line) => line.bars.at(-1)?.from_ms ?? 0;
  for (const line of lines.values()) line.bars.sort((a, b) => a.from_ms - b.from_ms);
  const sorted = [...lines.values()].toSorted((a, b) => Number(a.isVaccine) - Number(b.isVaccine) || Number(b.active) - Number(a.active) || newest(b) - newest(a) || a.name.localeCompare(b.name));
  return { lines: sorted, timeless };
}

/** How many records were entered in error. */
export function wrongOf(chart: Pick<Chart, 'medications'>, steps: readonly (readonly Brought[])[]): number {
  return chart.medications.filter(({ status }) => status === WRONG).length + steps.flat().reduce((sum, { found }) => sum + found.filter((resource) => text(resource, 'status') === WRONG).length, 0);
}

/** Which of the lanes of its line a bar lies in: what overlaps lies one under the other, and moments have a lane for each kind of them. */
export function lanesOf(bars: readonly Bar[]): { lane: number[]; count: number } {
  const isStretch = ({ end }: Bar) => end === 'known' || end === 'open';
  const ends: number[] = [];
  const lane = bars.map((bar) => {
    if (!isStretch(bar)) return -1;
    const free = ends.findIndex((end_ms) => end_ms <= bar.from_ms);
    const at = free < 0 ? ends.length : free;
    ends[at] = bar.to_ms;
    return at;
  });
  const kinds = [...new Set(bars.filter((bar) => !isStretch(bar)).map(({ kind }) => kind))];
  return { lane: lane.map((at, n) => (at >= 0 ? at : ends.length + kinds.indexOf(bars[n]?.kind ?? 'order'))), count: ends.length + kinds.length };
}
