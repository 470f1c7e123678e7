WITH replaced AS (SELECT _id, replaced_by FROM patient WHERE replaced_by IS NOT NULL)
SELECT patient_id, person_id, deceased_at FROM omop.__person WHERE reason IS NULL
UNION ALL
-- What is told of a patient that was merged into another is told of that other.
SELECT r.patient_id, p.person_id, p.deceased_at
FROM (
  SELECT a._id AS patient_id, coalesce(c.replaced_by, b.replaced_by, a.replaced_by) AS person
  FROM replaced a LEFT JOIN replaced b ON b._id = a.replaced_by LEFT JOIN replaced c ON c._id = b.replaced_by
) r JOIN omop.__person p ON p.patient_id = r.person
WHERE p.reason IS NULL
