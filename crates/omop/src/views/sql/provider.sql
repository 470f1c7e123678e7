SELECT r._row AS provider_id, CAST(NULL AS VARCHAR) AS provider_name, CAST(NULL AS VARCHAR) AS npi, CAST(NULL AS VARCHAR) AS dea,
       CASE WHEN coalesce(r.qualification_text, r.qualification_display, r.qualification_code) IS NOT NULL
            THEN coalesce(omop_concept_of(r.qualification_system || '|' || r.qualification_code), 0) END AS specialty_concept_id, CAST(NULL AS BIGINT) AS care_site_id,
       CAST(NULL AS BIGINT) AS year_of_birth, CASE r.gender WHEN 'male' THEN 8507 WHEN 'female' THEN 8532 END AS gender_concept_id,
       omop_key(r._id) AS provider_source_value, substr(coalesce(r.qualification_text, r.qualification_display, r.qualification_code), 1, 50) AS specialty_source_value,
       CAST(NULL AS BIGINT) AS specialty_source_concept_id, r.gender AS gender_source_value, CAST(NULL AS BIGINT) AS gender_source_concept_id
FROM practitioner r
