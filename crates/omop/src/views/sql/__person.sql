SELECT p._row AS person_id, p._id AS patient_id,
       CASE p.gender WHEN 'male' THEN 8507 WHEN 'female' THEN 8532 ELSE 0 END AS gender_concept_id,
       TRY_CAST(substr(p.birth_date_text, 1, 4) AS BIGINT) AS year_of_birth,
       CASE WHEN length(p.birth_date_text) >= 7 THEN TRY_CAST(substr(p.birth_date_text, 6, 2) AS BIGINT) END AS month_of_birth,
       CASE WHEN length(p.birth_date_text) >= 10 THEN TRY_CAST(substr(p.birth_date_text, 9, 2) AS BIGINT) END AS day_of_birth,
       CASE WHEN length(p.birth_date_text) >= 10 THEN p.birth_date END AS birth_datetime,
       CASE WHEN array_length(p.race_codes) > 1 THEN 0 WHEN p.race_code = '2106-3' THEN 8527 WHEN p.race_code = '2054-5' THEN 8516
            WHEN p.race_code = '2028-9' THEN 8515 WHEN p.race_code = '1002-5' THEN 8657 WHEN p.race_code = '2076-8' THEN 8557 ELSE 0 END AS race_concept_id,
       CASE p.ethnicity_code WHEN '2135-2' THEN 38003563 WHEN '2186-5' THEN 38003564 ELSE 0 END AS ethnicity_concept_id,
       CASE WHEN coalesce(p.city, p.district, p.state, p.postal_code, p.country) IS NOT NULL THEN p._row END AS location_id,
       p.practitioner_id, p.organization_id, p.gender, p.race_text, p.ethnicity_text, p.deceased, p.deceased_at, p.deceased_at_text,
       CASE WHEN p.replaced_by IS NOT NULL THEN 'replaced' WHEN p.birth_date IS NULL THEN 'no-birth-date' END AS reason
FROM patient p
