SELECT type AS resource_type, id AS resource_id, component, reason FROM omop.__event WHERE reason IS NOT NULL
UNION ALL SELECT 'Patient', patient_id, CAST(NULL AS BIGINT), reason FROM omop.__person WHERE reason IS NOT NULL
UNION ALL SELECT 'Patient', patient_id, CAST(NULL AS BIGINT), 'death-without-date' FROM omop.__person
WHERE (reason IS NULL OR reason = 'replaced') AND deceased AND deceased_at IS NULL
UNION ALL SELECT 'Encounter', encounter_id, CAST(NULL AS BIGINT), reason FROM omop.__visit WHERE reason IS NOT NULL
UNION ALL SELECT 'DocumentReference', id, CAST(NULL AS BIGINT), coalesce(unlike, 'no-text') FROM omop.__note WHERE unlike IS NOT NULL OR note_text IS NULL
UNION ALL SELECT 'Specimen', s._id, CAST(NULL AS BIGINT),
       CASE WHEN s.status = 'entered-in-error' THEN s.status WHEN p.person_id IS NULL THEN 'no-person' ELSE 'no-date' END
FROM omop.__who p RIGHT JOIN specimen s ON p.patient_id = s.patient_id
WHERE s.status = 'entered-in-error' OR p.person_id IS NULL OR coalesce(s.collected, s.received) IS NULL
UNION ALL SELECT 'Coverage', c._id, CAST(NULL AS BIGINT),
       CASE WHEN c.status IN ('cancelled', 'draft', 'entered-in-error') THEN c.status WHEN p.person_id IS NULL THEN 'no-person' ELSE 'no-date' END
FROM omop.__who p RIGHT JOIN coverage c ON p.patient_id = c.beneficiary_id
WHERE c.status IN ('cancelled', 'draft', 'entered-in-error') OR p.person_id IS NULL OR c.start_at IS NULL
UNION ALL SELECT type, id, CAST(NULL AS BIGINT), 'no-table' FROM resource
WHERE type NOT IN ('Patient', 'Encounter', 'Condition', 'Observation', 'Procedure', 'MedicationRequest', 'MedicationAdministration',
  'MedicationStatement', 'MedicationDispense', 'Medication', 'Immunization', 'AllergyIntolerance', 'Device', 'DeviceUseStatement', 'Specimen',
  'DocumentReference', 'Coverage', 'Practitioner', 'Organization', 'Location', 'EpisodeOfCare')
UNION ALL SELECT 'EpisodeOfCare', e._id, CAST(NULL AS BIGINT),
       CASE WHEN array_has(e.type_codings, 'urn:medweave:code:omop-table|observation_period') THEN
         CASE WHEN e.status IN ('planned', 'waitlist', 'cancelled', 'entered-in-error') THEN e.status WHEN p.person_id IS NULL THEN 'no-person' ELSE 'no-date' END
       ELSE 'no-table' END
FROM omop.__who p RIGHT JOIN episode_of_care e ON p.patient_id = e.patient_id
WHERE array_has(e.type_codings, 'urn:medweave:code:omop-table|observation_period') IS NOT TRUE
  OR e.status IN ('planned', 'waitlist', 'cancelled', 'entered-in-error') OR p.person_id IS NULL OR e.start_at IS NULL
