WITH whole AS (
  SELECT _id, _row, patient_id, part_of_id FROM encounter
  WHERE coalesce(status, '') NOT IN ('planned', 'cancelled', 'entered-in-error') AND start_at IS NOT NULL
), part AS (
  -- What is deeper than three levels, or part of itself, is part of nothing.
  SELECT p._id AS encounter_id, CASE WHEN d._row IS NULL THEN coalesce(c._row, b._row, a._row) END AS whole_no,
         CASE WHEN b._row IS NOT NULL THEN a._row END AS parent_no
  FROM (SELECT _id, patient_id, part_of_id FROM encounter WHERE part_of_id IS NOT NULL) p
  JOIN whole a ON a._id = p.part_of_id AND a.patient_id = p.patient_id
  LEFT JOIN whole b ON b._id = a.part_of_id AND b.patient_id = p.patient_id
  LEFT JOIN whole c ON c._id = b.part_of_id AND c.patient_id = p.patient_id
  LEFT JOIN whole d ON d._id = c.part_of_id AND d.patient_id = p.patient_id
), stay AS (
  SELECT e._id AS encounter_id, e._row AS row_no, e.patient_id, p.person_id, e.class_code, e.type_codings, e.type_text, e.type_display,
         e.practitioner_id, e.organization_id, e.discharge_code, e.discharge_display, e.discharge_text, e.admit_source_code, e.admit_source_text,
         omop_date(e.start_at, e.start_at_text) AS start_date, omop_datetime(e.start_at, e.start_at_text) AS start_datetime,
         CASE WHEN e.end_at IS NULL AND e.status IN ('in-progress', 'onleave') AND e.class_code IN ('IMP', 'ACUTE', 'NONAC')
              THEN greatest(omop_date(e.start_at, e.start_at_text), {today}) ELSE omop_last_date(e.end_at, e.end_at_text) END AS end_date,
         omop_end_datetime(e.end_at, e.end_at_text, e.start_at, e.start_at_text) AS end_datetime,
         omop_imputed(e.start_at_text) AS start_rule,
         CASE WHEN e.end_at IS NOT NULL THEN omop_imputed_end(e.end_at_text)
              WHEN e.status IN ('in-progress', 'onleave') AND e.class_code IN ('IMP', 'ACUTE', 'NONAC') THEN 'today: has not ended'
              ELSE 'day of the start' END AS end_rule,
         CASE WHEN e.status IN ('planned', 'cancelled', 'entered-in-error') THEN e.status WHEN p.person_id IS NULL THEN 'no-person'
              WHEN e.start_at IS NULL THEN 'no-date' END AS reason
  FROM omop.__who p RIGHT JOIN encounter e ON p.patient_id = e.patient_id
)
SELECT s.*, coalesce(w.whole_no, s.row_no) AS visit_occurrence_id, CASE WHEN w.whole_no IS NOT NULL THEN s.row_no END AS visit_detail_id,
       w.parent_no AS parent_visit_detail_id
FROM (SELECT * FROM part WHERE whole_no IS NOT NULL) w RIGHT JOIN stay s ON w.encounter_id = s.encounter_id
