SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS condition_occurrence_id, e.person_id,
       e.t['concept_id'] AS condition_concept_id, e.start_date AS condition_start_date, e.start_datetime AS condition_start_datetime,
       e.end_date AS condition_end_date, e.end_datetime AS condition_end_datetime, 32817 AS condition_type_concept_id,
       CAST(NULL AS BIGINT) AS condition_status_concept_id, substr(e.stop_reason, 1, 20) AS stop_reason, e.provider_id, e.visit_occurrence_id, e.visit_detail_id,
       e.t['source_value'] AS condition_source_value, e.t['source_concept_id'] AS condition_source_concept_id,
       substr(CASE WHEN e.type = 'Condition' THEN e.qualifier END, 1, 50) AS condition_status_source_value
FROM {rows}
