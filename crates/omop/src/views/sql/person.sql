SELECT p.person_id, p.gender_concept_id, p.year_of_birth, p.month_of_birth, p.day_of_birth, p.birth_datetime, p.race_concept_id,
       p.ethnicity_concept_id, p.location_id, p.provider_id, o._row AS care_site_id, omop_key(p.patient_id) AS person_source_value,
       p.gender AS gender_source_value, 0 AS gender_source_concept_id, substr(p.race_text, 1, 50) AS race_source_value,
       0 AS race_source_concept_id, substr(p.ethnicity_text, 1, 50) AS ethnicity_source_value, 0 AS ethnicity_source_concept_id
FROM (SELECT _id, _row FROM organization) o
RIGHT JOIN (
  SELECT p.*, r._row AS provider_id FROM (SELECT _id, _row FROM practitioner) r RIGHT JOIN omop.__person p ON r._id = p.practitioner_id
) p ON o._id = p.organization_id
WHERE p.reason IS NULL
