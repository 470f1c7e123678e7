SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS measurement_id, e.person_id,
       e.t['concept_id'] AS measurement_concept_id, e.start_date AS measurement_date, e.start_datetime AS measurement_datetime,
       CAST(NULL AS VARCHAR) AS measurement_time, 32817 AS measurement_type_concept_id,
       CASE e.comparator WHEN '<' THEN 4171756 WHEN '<=' THEN 4171754 WHEN '>' THEN 4172704 WHEN '>=' THEN 4171755 END AS operator_concept_id,
       e.number AS value_as_number, coalesce(nullif(omop_concept(e.value_codings), 0), e.t['value_as_concept_id'], omop_concept(e.value_codings)) AS value_as_concept_id,
       omop_unit(e.unit_system, e.unit_code, e.unit) AS unit_concept_id, e.low AS range_low, e.high AS range_high, e.provider_id, e.visit_occurrence_id,
       e.visit_detail_id, e.t['source_value'] AS measurement_source_value, e.t['source_concept_id'] AS measurement_source_concept_id,
       substr(coalesce(e.unit, e.unit_code), 1, 50) AS unit_source_value, CAST(NULL AS BIGINT) AS unit_source_concept_id,
       substr(coalesce(e.given, e.value_text), 1, 50) AS value_source_value, CAST(NULL AS BIGINT) AS measurement_event_id,
       CAST(NULL AS BIGINT) AS meas_event_field_concept_id
FROM {rows}
