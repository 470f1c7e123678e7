SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS device_exposure_id, e.person_id,
       e.t['concept_id'] AS device_concept_id, e.start_date AS device_exposure_start_date, e.start_datetime AS device_exposure_start_datetime,
       e.end_date AS device_exposure_end_date, e.end_datetime AS device_exposure_end_datetime, 32817 AS device_type_concept_id,
       substr(e.udi, 1, 255) AS unique_device_id, substr(e.production, 1, 255) AS production_id, CASE WHEN e.quantity = floor(e.quantity) THEN TRY_CAST(e.quantity AS BIGINT) END AS quantity,
       e.provider_id, e.visit_occurrence_id, e.visit_detail_id, e.t['source_value'] AS device_source_value,
       e.t['source_concept_id'] AS device_source_concept_id, omop_unit(e.unit_system, e.unit_code, e.unit) AS unit_concept_id,
       substr(e.unit, 1, 50) AS unit_source_value, CAST(NULL AS BIGINT) AS unit_source_concept_id
FROM {rows}
