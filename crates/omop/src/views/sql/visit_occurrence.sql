SELECT v.row_no AS visit_occurrence_id, v.person_id,
       CASE v.class_code WHEN 'IMP' THEN 9201 WHEN 'ACUTE' THEN 9201 WHEN 'NONAC' THEN 9201 WHEN 'SS' THEN 9201 WHEN 'EMER' THEN 9203 WHEN 'AMB' THEN 9202
            WHEN 'OBSENC' THEN 581385 WHEN 'HH' THEN 581476 WHEN 'VR' THEN 5083 ELSE 0 END AS visit_concept_id,
       v.start_date AS visit_start_date, v.start_datetime AS visit_start_datetime,
       coalesce(v.end_date, v.start_date) AS visit_end_date, CASE WHEN v.end_date IS NULL THEN v.start_datetime ELSE v.end_datetime END AS visit_end_datetime,
       32817 AS visit_type_concept_id, v.provider_id, o._row AS care_site_id, substr(v.class_code, 1, 50) AS visit_source_value, 0 AS visit_source_concept_id,
       CAST(NULL AS BIGINT) AS admitted_from_concept_id, substr(coalesce(v.admit_source_text, v.admit_source_code), 1, 50) AS admitted_from_source_value,
       CAST(NULL AS BIGINT) AS discharged_to_concept_id,
       substr(coalesce(v.discharge_text, v.discharge_display, v.discharge_code), 1, 50) AS discharged_to_source_value,
       lag(v.row_no) OVER (PARTITION BY v.person_id ORDER BY v.start_datetime, v.row_no) AS preceding_visit_occurrence_id
FROM (SELECT _id, _row FROM organization) o
RIGHT JOIN (
  SELECT v.*, r._row AS provider_id FROM (SELECT _id, _row FROM practitioner) r RIGHT JOIN omop.__visit v ON r._id = v.practitioner_id
  WHERE v.reason IS NULL AND v.visit_detail_id IS NULL
) v ON o._id = v.organization_id
