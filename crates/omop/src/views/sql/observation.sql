SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS observation_id, e.person_id,
       e.t['concept_id'] AS observation_concept_id, e.start_date AS observation_date, e.start_datetime AS observation_datetime,
       32817 AS observation_type_concept_id, e.number AS value_as_number,
       CASE WHEN e.number IS NULL OR e.comparator IS NOT NULL THEN substr(coalesce(e.given, e.value_text), 1, 60) END AS value_as_string,
       coalesce(nullif(omop_concept(e.value_codings), 0), e.t['value_as_concept_id'], omop_concept(e.value_codings)) AS value_as_concept_id, CAST(NULL AS BIGINT) AS qualifier_concept_id,
       omop_unit(e.unit_system, e.unit_code, e.unit) AS unit_concept_id, e.provider_id, e.visit_occurrence_id, e.visit_detail_id,
       e.t['source_value'] AS observation_source_value, e.t['source_concept_id'] AS observation_source_concept_id,
       substr(coalesce(e.unit, e.unit_code), 1, 50) AS unit_source_value,
       substr(CASE WHEN e.type <> 'Condition' THEN e.qualifier END, 1, 50) AS qualifier_source_value,
       substr(coalesce(e.given, e.value_text), 1, 50) AS value_source_value, CAST(NULL AS BIGINT) AS observation_event_id,
       CAST(NULL AS BIGINT) AS obs_event_field_concept_id
FROM {rows}
