SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS procedure_occurrence_id, e.person_id,
       e.t['concept_id'] AS procedure_concept_id, e.start_date AS procedure_date, e.start_datetime AS procedure_datetime,
       e.end_date AS procedure_end_date, e.end_datetime AS procedure_end_datetime, 32817 AS procedure_type_concept_id,
       CAST(NULL AS BIGINT) AS modifier_concept_id, CAST(NULL AS BIGINT) AS quantity, e.provider_id, e.visit_occurrence_id, e.visit_detail_id,
       e.t['source_value'] AS procedure_source_value, e.t['source_concept_id'] AS procedure_source_concept_id,
       CAST(NULL AS VARCHAR) AS modifier_source_value
FROM {rows}
