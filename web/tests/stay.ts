/** A stay in hospital that the tests of the chart import: vital signs, notes and medications in every state that a page must show. */

const LOINC = 'http://loinc.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const FLAGS = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';
const coded = (system: string, value: string) => ({ coding: [{ system, code: value }] });
const loinc = (code: string, display: string) => ({ text: display, coding: [{ system: LOINC, code, display }] });
const subject = { reference: 'Patient/lin' };

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-11-21T08:00:00+08:00');
/** A moment of the stay on the ward's clock, `hours` after it began. */
const at = (hours: number): string => `${new Date(START_MS + (hours + 8) * HOUR_MS).toISOString().slice(0, 19)}+08:00`;

const vital = (id: string, code: string, name: string, hours: number, value: number, unit: string, more: object = {}) => ({
  resourceType: 'Observation', id, status: 'final', category: [coded(CATEGORY, 'vital-signs')], code: loinc(code, name), subject, effectiveDateTime: at(hours),
  valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit }, ...more,
});
const range = (low: number, high: number) => ({ referenceRange: [{ low: { value: low }, high: { value: high } }] });
const flag = (value: string) => ({ interpretation: [coded(FLAGS, value)] });

/** Hours at which a nurse measured: each hour but for a night of ten hours without any. */
const HOURS = Array.from({ length: 60 }, (_, n) => n).filter((n) => n < 20 || n >= 30);

const pressure = (hours: number, upper: number, lower: number) => ({
  resourceType: 'Observation', id: `lin-bp-${hours}`, status: 'final', category: [coded(CATEGORY, 'vital-signs')], code: loinc('85354-9', 'Blood pressure'), subject, effectiveDateTime: at(hours),
  component: [
    { code: loinc('8480-6', 'Systolic blood pressure'), valueQuantity: { value: upper, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' }, ...(upper > 150 && flag('H')) },
    { code: loinc('8462-4', 'Diastolic blood pressure'), valueQuantity: { value: lower, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' } },
  ],
});

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
/** The smallest PNG there is: one pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const text = (words: string) => ({ contentType: 'text/plain; charset=utf-8', data: base64(words) });

const document = (id: string, title: string, hours: number, attachment: object, more: object = {}) => ({
  resourceType: 'DocumentReference', id, status: 'current', docStatus: 'final', type: loinc('11506-3', 'Progress note'), subject, date: at(hours), description: title, author: [{ display: 'Dr. Mei Zhao' }],
  content: [{ attachment }], ...more,
});

/** What a letter that means harm holds: scripts, styles, pictures of elsewhere, forms, and an address that runs. */
const HOSTILE = `<html><head><title>x</title><style>body{display:none}</style></head><body onload="globalThis.broken = 1"><h1>Letter of the clinic</h1><script>globalThis.broken = 2</script>
<p onclick="globalThis.broken = 3">Seen on the ward, <b>feeling better</b>.</p><img src="http://127.0.0.1:9/track.png" alt="logo" onerror="globalThis.broken = 4"><a href="javascript:globalThis.broken = 5">more</a>
<iframe src="http://127.0.0.1:9/frame"></iframe><svg onload="globalThis.broken = 6"><circle r="9"></circle></svg><form action="/x"><input name="q"><button>Send</button></form>
<table><tr><th colspan="2">Findings</th></tr><tr><td>Lungs<td>clear</table></body></html>`;

export const STAY: object[] = [
  { resourceType: 'Patient', id: 'lin', gender: 'female', birthDate: '1949-02-11', identifier: [{ system: 'urn:oid:1.2.3.4', value: '7700619', type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] } }], name: [{ use: 'official', family: 'Lin', given: ['Hua'] }, { use: 'usual', text: '林华', family: '林', given: ['华'] }] },
  ...HOURS.map((n) => vital(`lin-hr-${n}`, '8867-4', 'Heart rate', n, 78 + ((n * 7) % 23) + (n > 40 && n < 46 ? 34 : 0), '/min', { ...range(60, 100), ...(n > 40 && n < 46 && flag('H')), ...(n === 12 && { status: 'corrected' }), ...(n === 59 && { status: 'preliminary' }) })),
  vital('lin-hr-wrong', '8867-4', 'Heart rate', 15.5, 240, '/min', { status: 'entered-in-error' }),
  ...HOURS.filter((n) => n % 4 === 0).map((n) => pressure(n, 128 + ((n * 5) % 31), 70 + ((n * 3) % 17))),
  ...HOURS.filter((n) => n % 2 === 0).map((n) => vital(`lin-sp-${n}`, '59408-5', 'Oxygen saturation', n, 97 - (n > 40 && n < 47 ? 8 : n % 3), '%', n > 40 && n < 47 ? flag('L') : {})),
  ...HOURS.filter((n) => n % 6 === 0).map((n) => vital(`lin-t-${n}`, '8310-5', 'Body temperature', n, Number((36.4 + ((n * 7) % 19) / 10).toFixed(1)), 'Cel')),
  vital('lin-t-f', '8310-5', 'Body temperature', 33, 99.1, '[degF]'),
  vital('lin-w', '29463-7', 'Body weight', 1, 61.5, 'kg'),

  document('lin-note-1', 'Ward round', 2, text('Ward round, day 1\n\nSlept badly. Pulse irregular, no oedema.\nPlan: anticoagulation, echo tomorrow.')),
  document('lin-letter', 'Letter of the clinic', 20, { contentType: 'text/html; charset=utf-8', data: base64(HOSTILE) }),
  document('lin-picture', 'Wound, left heel', 22, { contentType: 'image/png', title: 'Wound, left heel', data: PIXEL }),
  document('lin-draft', 'Discharge letter', 30, text('Draft of the discharge letter.'), { status: 'superseded' }),
  document('lin-discharge', 'Discharge letter', 58, text('Discharged home in good condition.'), { docStatus: 'preliminary', relatesTo: [{ code: 'replaces', target: { reference: 'DocumentReference/lin-draft' } }] }),
  document('lin-wrong', 'Note about somebody else', 25, text('This is about another patient.'), { status: 'entered-in-error' }),
  document('lin-elsewhere', 'Report of another hospital', 5, { contentType: 'application/pdf', url: 'https://elsewhere.example/report.pdf', title: 'Report of another hospital' }),
  { resourceType: 'Binary', id: 'lin-bytes', contentType: 'text/plain', data: base64('Kept beside its document.') },
  document('lin-kept', 'Handover', 10, { contentType: 'text/plain', url: 'Binary/lin-bytes' }),
  {
    resourceType: 'Composition', id: 'lin-composition', status: 'final', type: loinc('18842-5', 'Discharge summary'), subject, date: at(57), author: [{ display: 'Dr. Mei Zhao' }], title: 'Discharge summary',
    section: [
      { title: 'Course', text: { status: 'additional', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Admitted with <b>atrial fibrillation</b>.</p><script>globalThis.broken = 7</script></div>' } },
      { title: 'Findings', section: [{ title: 'Echo', text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><table><tbody><tr><td>LVEF</td><td>55 %</td></tr></tbody></table></div>' } }] },
    ],
  },
  { resourceType: 'DiagnosticReport', id: 'lin-echo', status: 'final', category: [coded('http://terminology.hl7.org/CodeSystem/v2-0074', 'CUS')], code: loinc('34552-0', 'Echocardiography'), subject, effectiveDateTime: at(26), issued: at(27), performer: [{ display: 'Echo laboratory' }], conclusion: 'Left atrium enlarged. Ejection fraction 55 %.' },
  { resourceType: 'DiagnosticReport', id: 'lin-panel', status: 'final', category: [coded('http://terminology.hl7.org/CodeSystem/v2-0074', 'LAB')], code: loinc('24323-8', 'Metabolic panel'), subject, effectiveDateTime: at(3), result: [{ reference: 'Observation/lin-hr-3', display: 'Heart rate' }] },

  { resourceType: 'MedicationRequest', id: 'lin-apixaban', status: 'active', intent: 'order', subject, medicationCodeableConcept: { text: 'Apixaban 5 mg tablet' }, authoredOn: at(4), dosageInstruction: [{ text: '1 tablet twice daily' }], reasonCode: [{ text: 'Atrial fibrillation' }] },
  { resourceType: 'MedicationRequest', id: 'lin-dobutamine', status: 'stopped', intent: 'order', subject, medicationCodeableConcept: { text: 'dobutamine 250 mg infusion' }, authoredOn: at(1) },
  { resourceType: 'MedicationStatement', id: 'lin-aspirin', status: 'completed', subject, medicationCodeableConcept: { text: 'Aspirin 100 mg tablet' }, effectivePeriod: { start: '2026-09-01', end: '2026-11-22' }, dosage: [{ text: '1 tablet daily' }] },
  ...[5, 17, 29, 41, 53].map((n) => ({ resourceType: 'MedicationAdministration', id: `lin-given-${n}`, status: n === 29 ? 'not-done' : 'completed', subject, medicationCodeableConcept: { text: 'Apixaban 5 mg tablet' }, effectiveDateTime: at(n), dosage: { dose: { value: 5, unit: 'mg' } } })),
  { resourceType: 'MedicationAdministration', id: 'lin-given-wrong', status: 'entered-in-error', subject, medicationCodeableConcept: { text: 'Morphine 10 mg injection' }, effectiveDateTime: at(18) },
  { resourceType: 'MedicationDispense', id: 'lin-dispensed', status: 'completed', subject, medicationCodeableConcept: { text: 'Apixaban 5 mg tablet' }, whenHandedOver: at(59), daysSupply: { value: 14, unit: 'd' }, quantity: { value: 28, unit: 'tablet' } },
  { resourceType: 'Immunization', id: 'lin-flu', status: 'completed', patient: subject, vaccineCode: { text: 'Influenza vaccine' }, occurrenceDateTime: '2026-10-12' },
];

/** The ward round again, as it was amended: its second version. */
export const AMENDED: object[] = [document('lin-note-1', 'Ward round', 2, text('Ward round, day 1\n\nSlept well. Pulse irregular, no oedema.\nPlan: anticoagulation, echo tomorrow.'), { docStatus: 'amended' })];
