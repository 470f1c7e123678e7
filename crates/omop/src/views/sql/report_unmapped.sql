SELECT table_name, field, source_value, source_concept_id, count(*) AS events FROM (
  SELECT 'condition_occurrence' AS table_name, 'condition_concept_id' AS field, condition_source_value AS source_value,
         condition_source_concept_id AS source_concept_id
  FROM omop.condition_occurrence WHERE condition_concept_id = 0
  UNION ALL SELECT 'drug_exposure', 'drug_concept_id', drug_source_value, drug_source_concept_id FROM omop.drug_exposure WHERE drug_concept_id = 0
  UNION ALL SELECT 'drug_exposure', 'route_concept_id', route_source_value, 0 FROM omop.drug_exposure WHERE route_concept_id = 0
  UNION ALL SELECT 'procedure_occurrence', 'procedure_concept_id', procedure_source_value, procedure_source_concept_id
  FROM omop.procedure_occurrence WHERE procedure_concept_id = 0
  UNION ALL SELECT 'device_exposure', 'device_concept_id', device_source_value, device_source_concept_id
  FROM omop.device_exposure WHERE device_concept_id = 0
  UNION ALL SELECT 'measurement', 'measurement_concept_id', measurement_source_value, measurement_source_concept_id
  FROM omop.measurement WHERE measurement_concept_id = 0
  UNION ALL SELECT 'measurement', 'unit_concept_id', unit_source_value, 0 FROM omop.measurement WHERE unit_concept_id = 0
  UNION ALL SELECT 'measurement', 'value_as_concept_id', value_source_value, 0 FROM omop.measurement WHERE value_as_concept_id = 0
  UNION ALL SELECT 'observation', 'observation_concept_id', observation_source_value, observation_source_concept_id
  FROM omop.observation WHERE observation_concept_id = 0
  UNION ALL SELECT 'observation', 'unit_concept_id', unit_source_value, 0 FROM omop.observation WHERE unit_concept_id = 0
  UNION ALL SELECT 'observation', 'value_as_concept_id', value_source_value, 0 FROM omop.observation WHERE value_as_concept_id = 0
) x GROUP BY table_name, field, source_value, source_concept_id
