WITH stay AS (
  SELECT e._id AS encounter_id, e._row AS row_no, e.patient_id, p.person_id, e.part_of_id, e.class_code, e.type_codings, e.type_text, e.type_display,
         e.practitioner_id, e.organization_id, e.discharge_code, e.discharge_display, e.discharge_text, e.admit_source_code, e.admit_source_text,
         omop_date(e.start_at, e.start_at_text) AS start_date, omop_datetime(e.start_at, e.start_at_text) AS start_datetime,
         omop_date(e.end_at, e.end_at_text) AS end_date, omop_datetime(e.end_at, e.end_at_text) AS end_datetime,
         omop_imputed(e.start_at_text) AS start_rule,
         CASE WHEN e.status IN ('planned', 'cancelled', 'entered-in-error') THEN e.status WHEN p.person_id IS NULL THEN 'no-person'
              WHEN e.start_at IS NULL THEN 'no-date' END AS reason
  FROM (SELECT patient_id, person_id FROM omop.__person WHERE reason IS NULL) p
  RIGHT JOIN encounter e ON p.patient_id = e.patient_id
)
SELECT s.*, coalesce(w.row_no, s.row_no) AS visit_occurrence_id, CASE WHEN w.row_no IS NOT NULL THEN s.row_no END AS visit_detail_id
FROM (SELECT encounter_id, row_no FROM stay WHERE reason IS NULL AND part_of_id IS NULL) w
RIGHT JOIN stay s ON w.encounter_id = s.part_of_id
