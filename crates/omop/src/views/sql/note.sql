SELECT n.note_id, n.person_id, n.note_date, n.note_datetime, 32817 AS note_type_concept_id, 0 AS note_class_concept_id,
       substr(n.note_title, 1, 250) AS note_title, n.note_text, 32678 AS encoding_concept_id, 0 AS language_concept_id, r._row AS provider_id,
       n.visit_occurrence_id, n.visit_detail_id, substr(n.note_source_value, 1, 50) AS note_source_value, CAST(NULL AS BIGINT) AS note_event_id,
       CAST(NULL AS BIGINT) AS note_event_field_concept_id
FROM (SELECT _id, _row FROM practitioner) r
RIGHT JOIN (
  SELECT n.*, v.visit_occurrence_id, v.visit_detail_id
  FROM omop.__within v RIGHT JOIN omop.__note n ON v.encounter_id = n.encounter_id AND v.person_id = n.person_id
) n ON r._id = n.author_id
WHERE n.unlike IS NULL AND n.note_text IS NOT NULL
