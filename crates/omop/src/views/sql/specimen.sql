SELECT s._row * 1048576 AS specimen_id, p.person_id, coalesce(omop_concept(s.codings), 0) AS specimen_concept_id, 32817 AS specimen_type_concept_id,
       omop_date(coalesce(s.collected, s.received), coalesce(s.collected_text, s.received_text)) AS specimen_date,
       omop_datetime(coalesce(s.collected, s.received), coalesce(s.collected_text, s.received_text)) AS specimen_datetime, s.quantity,
       omop_unit(CAST(NULL AS VARCHAR), s.quantity_unit_code, s.quantity_unit) AS unit_concept_id, omop_concept(s.body_site_codings) AS anatomic_site_concept_id,
       CAST(NULL AS BIGINT) AS disease_status_concept_id, CAST(NULL AS VARCHAR) AS specimen_source_id,
       substr(coalesce(s.type_text, s.type_display, s.type_code), 1, 50) AS specimen_source_value, substr(s.quantity_unit, 1, 50) AS unit_source_value,
       substr(s.body_site_text, 1, 50) AS anatomic_site_source_value, CAST(NULL AS VARCHAR) AS disease_status_source_value
FROM omop.__who p
JOIN specimen s ON p.patient_id = s.patient_id
WHERE coalesce(s.collected, s.received) IS NOT NULL AND s.status IS DISTINCT FROM 'entered-in-error'
