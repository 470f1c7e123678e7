SELECT type AS resource_type, id AS resource_id, row_no * 1048576 + (coalesce(component, -1) + 1) * 256 AS row_id, 'start' AS field, start_rule AS rule
FROM omop.__event WHERE reason IS NULL AND start_rule IS NOT NULL
UNION ALL SELECT type, id, row_no * 1048576 + (coalesce(component, -1) + 1) * 256, 'end',
       CASE WHEN place <> 'drug' OR end_date >= start_date THEN omop_imputed_end(ended, ended_text) WHEN supply_days >= 1 THEN 'days of supply'
            ELSE 'day of the start' END
FROM omop.__event WHERE reason IS NULL
  AND ((place = 'drug' AND (end_date IS NULL OR end_date < start_date)) OR (end_date IS NOT NULL AND omop_imputed_end(ended, ended_text) IS NOT NULL))
UNION ALL SELECT 'Encounter', encounter_id, row_no, 'start', start_rule FROM omop.__visit WHERE reason IS NULL AND start_rule IS NOT NULL
UNION ALL SELECT 'Encounter', encounter_id, row_no, 'end', end_rule FROM omop.__visit WHERE reason IS NULL AND end_rule IS NOT NULL
-- The key of a person stands beside no patient: that is omop_link's.
UNION ALL SELECT 'Patient', patient_id, CAST(NULL AS BIGINT), 'death', omop_imputed(deceased_at, deceased_at_text)
FROM omop.__person WHERE (reason IS NULL OR reason = 'replaced') AND deceased_at IS NOT NULL AND omop_imputed(deceased_at, deceased_at_text) IS NOT NULL
UNION ALL SELECT 'DocumentReference', id, note_id, 'start', date_rule FROM omop.__note WHERE unlike IS NULL AND note_text IS NOT NULL AND date_rule IS NOT NULL
UNION ALL SELECT 'Specimen', s._id, s._row * 1048576, 'start',
       CASE WHEN s.collected IS NULL THEN 'when it was received' ELSE omop_imputed(s.collected, s.collected_text) END
FROM omop.__who p JOIN specimen s ON p.patient_id = s.patient_id
WHERE coalesce(s.collected, s.received) IS NOT NULL AND coalesce(s.status, '') <> 'entered-in-error'
  AND (s.collected IS NULL OR omop_imputed(s.collected, s.collected_text) IS NOT NULL)
UNION ALL SELECT 'Coverage', c._id, c._row * 1048576, 'start', omop_imputed(c.start_at, c.start_at_text)
FROM omop.__who p JOIN coverage c ON p.patient_id = c.beneficiary_id
WHERE c.start_at IS NOT NULL AND c.status NOT IN ('cancelled', 'draft', 'entered-in-error') AND omop_imputed(c.start_at, c.start_at_text) IS NOT NULL
UNION ALL SELECT 'Coverage', c._id, c._row * 1048576, 'end',
       CASE WHEN c.end_at IS NULL THEN 'end of observation' ELSE omop_imputed_end(c.end_at, c.end_at_text) END
FROM omop.__who p JOIN coverage c ON p.patient_id = c.beneficiary_id
WHERE c.start_at IS NOT NULL AND c.status NOT IN ('cancelled', 'draft', 'entered-in-error')
  AND (c.end_at IS NULL OR omop_imputed_end(c.end_at, c.end_at_text) IS NOT NULL)
