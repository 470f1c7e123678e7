SELECT c._row * 1048576 AS payer_plan_period_id, p.person_id, omop_date(c.start_at, c.start_at_text) AS payer_plan_period_start_date,
       coalesce(omop_last_date(c.end_at, c.end_at_text), greatest(omop_date(c.start_at, c.start_at_text), o.last_day),
                omop_date(c.start_at, c.start_at_text)) AS payer_plan_period_end_date,
       CAST(NULL AS BIGINT) AS payer_concept_id, substr(c.payor_text, 1, 50) AS payer_source_value, CAST(NULL AS BIGINT) AS payer_source_concept_id,
       CAST(NULL AS BIGINT) AS plan_concept_id, substr(coalesce(c.type_text, c.type_display, c.type_code), 1, 50) AS plan_source_value,
       CAST(NULL AS BIGINT) AS plan_source_concept_id, CAST(NULL AS BIGINT) AS sponsor_concept_id, CAST(NULL AS VARCHAR) AS sponsor_source_value,
       CAST(NULL AS BIGINT) AS sponsor_source_concept_id, CAST(NULL AS VARCHAR) AS family_source_value, CAST(NULL AS BIGINT) AS stop_reason_concept_id,
       CAST(NULL AS VARCHAR) AS stop_reason_source_value, CAST(NULL AS BIGINT) AS stop_reason_source_concept_id
FROM omop.__who p
JOIN coverage c ON p.patient_id = c.beneficiary_id
LEFT JOIN (SELECT person_id, max(observation_period_end_date) AS last_day FROM omop.observation_period GROUP BY person_id) o
  ON o.person_id = p.person_id
WHERE c.start_at IS NOT NULL AND c.status NOT IN ('cancelled', 'draft', 'entered-in-error')
