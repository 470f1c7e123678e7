import { describe, expect, it } from 'vitest';
import type { Chart, Medication } from '../../api/types';
import type { Brought, Resource } from '../batch';
import { lanesOf, medicinesOf, wrongOf, type Bar } from './bars';

const ZONE = 'UTC';
const DAY = 24 * 3_600_000;
const medication = (id: string, name: string, more: Partial<Medication> = {}): Medication => ({ ref: `MedicationRequest/${id}`, code: { text: name }, active: false, ...more });
const brought = (found: Resource[], included: Resource[] = []): Brought => ({ status: 200, found, included });
const chart = (medications: Medication[], died?: string): Pick<Chart, 'medications' | 'as_of' | 'patient'> => ({
  medications,
  as_of: '2026-11-25T00:00:00Z',
  patient: { id: '1', name: { text: '' }, identifiers: [], merged_from: [], ...(died !== undefined && { died }) },
});

describe('medicines', () => {
  it('go on to now where they are active, end where it is said, and say where nobody said when', () => {
    const { lines } = medicinesOf(
      chart([
        medication('1', 'Now', { status: 'active', since: '2026-11-01', active: true }),
        medication('2', 'Over', { status: 'completed', since: '2026-10-01', until: '2026-10-02' }),
        medication('3', 'Stopped', { status: 'stopped', since: '2026-09-01' }),
      ]),
      [],
      false,
      ZONE,
    );
    expect(lines.map(({ name, bars }) => [name, bars[0]?.end])).toEqual([['Now', 'open'], ['Over', 'known'], ['Stopped', 'unknown']]);
    expect(lines[0]?.bars[0]?.to_ms).toBe(Date.parse('2026-11-25T00:00:00Z'));
    expect((lines[1]?.bars[0]?.to_ms ?? 0) - (lines[1]?.bars[0]?.from_ms ?? 0), 'the last day counts to its end').toBe(2 * DAY);
  });

  it('do not go on beyond a death', () => {
    const { lines } = medicinesOf(chart([medication('1', 'Now', { since: '2026-01-01', active: true })], '2026-03-01'), [], false, ZONE);
    expect(lines[0]?.bars[0]?.to_ms).toBe(Date.parse('2026-03-02T00:00:00Z'));
  });

  it('gather what was ordered, given and handed over under one name, wherever it stands', () => {
    const { lines } = medicinesOf(
      chart([medication('1', 'Apixaban 5 mg', { since: '2026-01-01', active: true })]),
      [
        [
          brought(
            [
              { resourceType: 'MedicationAdministration', id: 'g', status: 'completed', medicationReference: { reference: 'Medication/m' }, effectiveDateTime: '2026-01-02', dosage: { dose: { value: 5, unit: 'mg' } } },
              { resourceType: 'MedicationAdministration', id: 'h', status: 'in-progress', contained: [{ resourceType: 'Medication', id: 'c', code: { text: 'Heparin' } }], medicationReference: { reference: '#c' }, effectivePeriod: { start: '2026-11-24' } },
            ],
            [{ resourceType: 'Medication', id: 'm', code: { text: 'apixaban 5 MG' } }],
          ),
          brought([{ resourceType: 'MedicationDispense', id: 'd', status: 'completed', medicationCodeableConcept: { text: 'Apixaban 5 mg' }, whenHandedOver: '2026-01-03', daysSupply: { value: 10 } }]),
          brought([{ resourceType: 'Immunization', id: 'v', status: 'completed', vaccineCode: { text: 'Influenza' }, occurrenceString: 'as a child' }, { resourceType: 'Immunization', id: 'w', status: 'completed', vaccineCode: { text: 'Influenza' }, occurrenceDateTime: '2025' }]),
        ],
      ],
      false,
      ZONE,
    ) ;
    expect(lines.map(({ name, isVaccine, bars }) => [name, isVaccine, bars.map(({ kind, end }) => `${kind} ${end}`)])).toEqual([
      ['Heparin', false, ['given open']],
      ['Apixaban 5 mg', false, ['order open', 'given moment', 'dispensed known']],
      ['Influenza', true, ['vaccination moment']],
    ]);
    expect(lines[1]?.bars[1]?.dose).toBe('5 mg');
  });

  it('keep what has no time for the table, and what was entered in error for who asks', () => {
    const wrong = medication('2', 'Wrong', { status: 'entered-in-error', since: '2026-01-01' });
    const all = chart([medication('1', 'Timeless'), wrong]);
    expect(medicinesOf(all, [], false, ZONE).timeless.map(({ name }) => name)).toEqual(['Timeless']);
    expect(medicinesOf(all, [], false, ZONE).lines).toEqual([]);
    expect(medicinesOf(all, [], true, ZONE).lines[0]?.bars[0]?.wrong).toBe(true);
    expect(wrongOf(all, [[brought([{ resourceType: 'Immunization', status: 'entered-in-error' }])]])).toBe(2);
  });
});

it('bars that overlap lie under each other, and moments in a lane of their kind', () => {
  const bar = (from_ms: number, to_ms: number, end: Bar['end'], kind: Bar['kind'] = 'order'): Bar => ({ ref: `${from_ms}`, kind, status: '', from_ms, to_ms, at: '', end, active: false, wrong: false });
  expect(lanesOf([bar(0, 10, 'known'), bar(5, 8, 'known'), bar(9, 12, 'open'), bar(10, 12, 'known'), bar(1, 1, 'moment', 'given'), bar(2, 2, 'unknown')])).toEqual({ lane: [0, 1, 1, 0, 2, 3], count: 4 });
});
