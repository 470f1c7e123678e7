SELECT table_name, source_value, source_concept_id, count(*) AS events FROM (
  SELECT 'condition_occurrence' AS table_name, condition_source_value AS source_value, condition_source_concept_id AS source_concept_id
  FROM omop.condition_occurrence WHERE condition_concept_id = 0
  UNION ALL SELECT 'drug_exposure', drug_source_value, drug_source_concept_id FROM omop.drug_exposure WHERE drug_concept_id = 0
  UNION ALL SELECT 'procedure_occurrence', procedure_source_value, procedure_source_concept_id FROM omop.procedure_occurrence WHERE procedure_concept_id = 0
  UNION ALL SELECT 'device_exposure', device_source_value, device_source_concept_id FROM omop.device_exposure WHERE device_concept_id = 0
  UNION ALL SELECT 'measurement', measurement_source_value, measurement_source_concept_id FROM omop.measurement WHERE measurement_concept_id = 0
  UNION ALL SELECT 'observation', observation_source_value, observation_source_concept_id FROM omop.observation WHERE observation_concept_id = 0
) x GROUP BY table_name, source_value, source_concept_id
