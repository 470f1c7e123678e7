WITH stay AS (
  SELECT e._id AS encounter_id, e._row AS row_no, e.patient_id, p.person_id, e.class_code, e.type_codings, e.type_text, e.type_display,
         e.practitioner_id, e.organization_id, e.discharge_code, e.discharge_display, e.discharge_text, e.admit_source_code, e.admit_source_text,
         e.start_date, omop_datetime(e.begun, e.begun_text) AS start_datetime,
         CASE WHEN e.is_there THEN greatest(e.start_date, {today}) ELSE omop_last_date(e.end_at, e.end_at_text) END AS end_date,
         omop_end_datetime(e.end_at, e.end_at_text, e.begun, e.begun_text) AS end_datetime,
         CASE WHEN e.start_at IS NULL THEN 'end of its period' ELSE omop_imputed(e.start_at, e.start_at_text) END AS start_rule,
         CASE WHEN e.end_at IS NOT NULL THEN omop_imputed_end(e.end_at, e.end_at_text) WHEN e.is_there THEN 'today: has not ended'
              ELSE 'day of the start' END AS end_rule,
         CASE WHEN e.status IN ('planned', 'cancelled', 'entered-in-error') THEN e.status WHEN p.person_id IS NULL THEN 'no-person'
              WHEN e.begun IS NULL THEN 'no-date' END AS reason
  FROM omop.__who p
  RIGHT JOIN (
    SELECT *, omop_date(begun, begun_text) AS start_date
    FROM (
      SELECT *, coalesce(start_at, end_at) AS begun, coalesce(start_at_text, end_at_text) AS begun_text,
             end_at IS NULL AND status IN ('in-progress', 'onleave') AND class_code IN ('IMP', 'ACUTE', 'NONAC') AS is_there
      FROM encounter
    ) e
  ) e ON p.patient_id = e.patient_id
)
SELECT s.*, coalesce(w.whole_no, s.row_no) AS visit_occurrence_id, CASE WHEN w.whole_no IS NOT NULL THEN s.row_no END AS visit_detail_id,
       w.parent_no AS parent_visit_detail_id
FROM omop.__part w RIGHT JOIN stay s ON w.encounter_id = s.encounter_id
