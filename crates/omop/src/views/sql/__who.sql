SELECT patient_id, person_id, deceased_at, deceased_at_text FROM omop.__person WHERE reason IS NULL
UNION ALL
-- What is told of a patient that was merged into another is told of that other.
SELECT m.patient_id, p.person_id, coalesce(p.deceased_at, m.deceased_at),
       CASE WHEN p.deceased_at IS NULL THEN m.deceased_at_text ELSE p.deceased_at_text END
FROM omop.__merged m JOIN omop.__person p ON p.patient_id = m.survivor_id
WHERE p.reason IS NULL
