/** A small ward that the tests import: every state of the chart that a page must show. Nothing of it stands in the product. */

const code = (text: string, loinc?: string) => ({ text, ...(loinc && { coding: [{ system: 'http://loinc.org', code: loinc, display: text }] }) });
const coded = (system: string, value: string) => ({ coding: [{ system, code: value }] });
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const ALLERGY_CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';
const ALLERGY_VERIFICATION = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const FLAGS = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';
const MRN = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };

interface Person {
  id: string;
  family: string;
  given: string;
  born: string;
  sex: string;
  mrn: string;
  zh?: string;
  more?: object;
}

const patient = ({ id, family, given, born, sex, mrn, zh, more }: Person) => ({
  resourceType: 'Patient',
  id,
  gender: sex,
  birthDate: born,
  identifier: [{ system: 'urn:oid:1.2.3.4', value: mrn, type: MRN }],
  name: [{ use: 'official', family, given: [given] }, ...(zh ? [{ use: 'usual', text: zh, family: zh.slice(0, 1), given: [zh.slice(1)] }] : [])],
  ...more,
});

const subject = { reference: 'Patient/wei' };

const lab = (id: string, name: string, loinc: string, at: string, value: string, unit: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [coded(CATEGORY, 'laboratory')],
  code: code(name, loinc),
  subject,
  effectiveDateTime: at,
  valueQuantity: { value: Number(value), unit, system: 'http://unitsofmeasure.org', code: unit },
  ...more,
});

const range = (low: number | undefined, high: number | undefined) => ({
  referenceRange: [{ ...(low !== undefined && { low: { value: low } }), ...(high !== undefined && { high: { value: high } }) }],
});
const flag = (value: string) => ({ interpretation: [coded(FLAGS, value)] });

const DAYS = ['2026-11-14', '2026-11-16', '2026-11-18', '2026-11-20', '2026-11-22', '2026-11-24'];

export const WARD: object[] = [
  patient({ id: 'wei', family: 'Chen', given: 'Wei', zh: '陈伟', born: '1958-07-14', sex: 'male', mrn: '1297287652' }),
  patient({ id: 'wie', family: 'Chen', given: 'Wie', born: '1961-02-03', sex: 'male', mrn: '2200114' }),
  patient({ id: 'fang', family: 'Wang', given: 'Fang', zh: '王芳', born: '1985-03-08', sex: 'female', mrn: '3300215' }),
  patient({ id: 'ann', family: 'Smith', given: 'Catherine', born: '1971', sex: 'female', mrn: '4400316' }),
  patient({ id: 'old', family: 'Müller', given: 'Jürgen', born: '1931-05-01', sex: 'male', mrn: '5500417', more: { deceasedDateTime: '2026-10-02' } }),
  patient({ id: 'baby', family: 'Garcia', given: 'Luz', born: '2026-11-20', sex: 'unknown', mrn: '6600518' }),
  { resourceType: 'Condition', id: 'c1', subject, code: code('Atrial fibrillation'), clinicalStatus: coded(CLINICAL, 'active'), verificationStatus: coded(VERIFICATION, 'confirmed'), onsetDateTime: '2024-03' },
  { resourceType: 'Condition', id: 'c2', subject, code: code('Type 2 diabetes mellitus'), clinicalStatus: coded(CLINICAL, 'active'), verificationStatus: coded(VERIFICATION, 'confirmed'), onsetDateTime: '2015' },
  { resourceType: 'Condition', id: 'c3', subject, code: code('Pneumonia'), clinicalStatus: coded(CLINICAL, 'resolved'), onsetDateTime: '2019-01-10', abatementDateTime: '2019-02-01' },
  { resourceType: 'Condition', id: 'c4', subject, code: code('Pregnancy'), verificationStatus: coded(VERIFICATION, 'entered-in-error'), recordedDate: '2026-11-20' },
  { resourceType: 'AllergyIntolerance', id: 'a1', patient: subject, code: code('Penicillin'), criticality: 'high', clinicalStatus: coded(ALLERGY_CLINICAL, 'active'), verificationStatus: coded(ALLERGY_VERIFICATION, 'confirmed'), reaction: [{ manifestation: [{ text: 'anaphylaxis' }] }] },
  { resourceType: 'AllergyIntolerance', id: 'a2', patient: { reference: 'Patient/fang' }, code: coded('http://snomed.info/sct', '716186003'), clinicalStatus: coded(ALLERGY_CLINICAL, 'active'), verificationStatus: coded(ALLERGY_VERIFICATION, 'confirmed') },
  { resourceType: 'MedicationRequest', id: 'm1', status: 'active', intent: 'order', subject, medicationCodeableConcept: code('Apixaban 5 mg tablet'), authoredOn: '2024-03-20', dosageInstruction: [{ text: '1 tablet twice daily' }] },
  { resourceType: 'MedicationRequest', id: 'm2', status: 'stopped', intent: 'order', subject, medicationCodeableConcept: code('prednisone 10 mg tablet'), authoredOn: '2019-01-11' },
  { resourceType: 'Encounter', id: 'e1', status: 'in-progress', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP', display: 'inpatient' }, subject, period: { start: '2026-11-20T08:30:00+08:00' }, serviceProvider: { display: 'Ward 7 East' } },
  { resourceType: 'Encounter', id: 'e2', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' }, subject, type: [{ text: 'Anticoagulation clinic' }], period: { start: '2025-06-01T09:00:00+08:00', end: '2025-06-01T09:30:00+08:00' } },
  ...DAYS.map((day, n) => lab(`k${n}`, 'Potassium', '2823-3', `${day}T08:00:00+08:00`, String([4.1, 4.4, 4.9, 5.3, 6.1, 6.8][n]), 'mmol/L', { ...range(3.5, 5.1), ...(n === 5 ? flag('HH') : n === 4 ? flag('H') : {}) })),
  ...DAYS.slice(2).map((day, n) => lab(`hb${n}`, 'Hemoglobin', '718-7', `${day}T08:00:00+08:00`, String([13.1, 12.2, 11.9, 10.4][n]), 'g/dL', range(13, 17))),
  lab('glu1', 'Glucose', '2345-7', '2026-11-24T02:10:00-05:00', '7.8', 'mmol/L', range(undefined, 7.8)),
  lab('ldl1', 'LDL cholesterol', '2089-1', '2026-11-24T08:00:00+08:00', '0.5', 'mmol/L', { valueQuantity: { value: 0.5, comparator: '<', unit: 'mmol/L' } }),
  lab('trop1', 'Troponin', '10839-9', '2026-11-24T08:00:00+08:00', '999', 'ug/L', { status: 'entered-in-error' }),
  lab('crp1', 'CRP', '1988-5', '2026-11-22T08:00:00+08:00', '12', 'mg/L', { status: 'corrected' }),
  { resourceType: 'Observation', id: 'bg1', status: 'final', category: [coded(CATEGORY, 'laboratory')], code: code('ABO group', '883-9'), subject, effectiveDateTime: '2026-11-20T09:00:00+08:00', valueCodeableConcept: { text: 'A' } },
  {
    resourceType: 'Observation', id: 'bp1', status: 'final', category: [coded(CATEGORY, 'vital-signs')], code: code('Blood pressure', '85354-9'), subject, effectiveDateTime: '2026-11-24T14:05:00+08:00',
    component: [
      { code: code('Systolic blood pressure', '8480-6'), valueQuantity: { value: 118, unit: 'mm[Hg]' } },
      { code: code('Diastolic blood pressure', '8462-4'), valueQuantity: { value: 72, unit: 'mm[Hg]' } },
    ],
  },
];

/** A laboratory's message about somebody else. */
export const MESSAGE: string[] = [
  'MSH|^~\\&|LAB|NORTH|MW|WARD|20261124093000+0800||ORU^R01^ORU_R01|M1|P|2.5.1',
  'PID|1||880011^^^NORTH^MR||Lopez^Ines||19900305|F',
  'OBR|1||F-17|24323-8^Comprehensive metabolic panel^LN|||20261124080000+0800|||||||||||||||20261124093000+0800||CH|F',
  'OBX|1|NM|2823-3^Potassium^LN||4.41|mmol/L|3.5-5.1|N|||F',
  'OBX|2|NM|2951-2^Sodium^LN||151.0|mmol/L|136-145|H|||F',
];

/** The same potassium again, corrected by the laboratory: its second version. */
export const CORRECTION: object[] = [lab('k5', 'Potassium', '2823-3', '2026-11-24T08:00:00+08:00', '6.2', 'mmol/L', { status: 'corrected', ...range(3.5, 5.1), ...flag('H') })];
