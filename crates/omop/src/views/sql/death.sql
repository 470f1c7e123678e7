SELECT p.person_id, omop_date(p.deceased_at, p.deceased_at_text) AS death_date, omop_datetime(p.deceased_at, p.deceased_at_text) AS death_datetime,
       32817 AS death_type_concept_id, omop_concept(c.value_codings) AS cause_concept_id, substr(c.value_text, 1, 50) AS cause_source_value,
       CAST(NULL AS BIGINT) AS cause_source_concept_id
FROM (
  SELECT patient_id, value_codings, coalesce(value_string, value_display, value_code) AS value_text,
         row_number() OVER (PARTITION BY patient_id ORDER BY _row) AS n
  FROM observation
  WHERE array_has(codings, 'http://loinc.org|69453-9') AND component IS NULL AND coalesce(value_string, value_display, value_code) IS NOT NULL
    AND status NOT IN ('registered', 'cancelled', 'entered-in-error')
) c
RIGHT JOIN omop.__person p ON c.patient_id = p.patient_id AND c.n = 1
WHERE p.reason IS NULL AND p.deceased_at IS NOT NULL
