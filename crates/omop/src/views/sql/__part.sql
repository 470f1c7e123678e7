-- Encounters that are part of others of the same person.
WITH whole AS (
  SELECT e._id, e._row, coalesce(m.survivor_id, e.patient_id) AS patient_id, e.part_of_id
  FROM omop.__merged m RIGHT JOIN encounter e ON m.patient_id = e.patient_id
  WHERE coalesce(e.status, '') NOT IN ('planned', 'cancelled', 'entered-in-error') AND coalesce(e.start_at, e.end_at) IS NOT NULL
), part AS (
  -- What is deeper than three levels, or part of itself, is part of nothing.
  SELECT p._id AS encounter_id, CASE WHEN d._row IS NULL THEN coalesce(c._row, b._row, a._row) END AS whole_no,
         CASE WHEN b._row IS NOT NULL THEN a._row END AS parent_no
  FROM (
    SELECT e._id, coalesce(m.survivor_id, e.patient_id) AS patient_id, e.part_of_id
    FROM omop.__merged m RIGHT JOIN encounter e ON m.patient_id = e.patient_id
    WHERE e.part_of_id IS NOT NULL
  ) p
  JOIN whole a ON a._id = p.part_of_id AND a.patient_id = p.patient_id
  LEFT JOIN whole b ON b._id = a.part_of_id AND b.patient_id = p.patient_id
  LEFT JOIN whole c ON c._id = b.part_of_id AND c.patient_id = p.patient_id
  LEFT JOIN whole d ON d._id = c.part_of_id AND d.patient_id = p.patient_id
)
SELECT encounter_id, whole_no, parent_no FROM part WHERE whole_no IS NOT NULL
