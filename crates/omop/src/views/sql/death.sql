SELECT p.person_id, omop_date(p.deceased_at, p.deceased_at_text) AS death_date, omop_datetime(p.deceased_at, p.deceased_at_text) AS death_datetime,
       32817 AS death_type_concept_id, omop_concept(c.value_codings) AS cause_concept_id, substr(c.value_text, 1, 50) AS cause_source_value,
       CAST(NULL AS BIGINT) AS cause_source_concept_id
FROM (
  SELECT w.person_id, c.value_codings, coalesce(c.value_string, c.value_display, c.value_code) AS value_text,
         row_number() OVER (PARTITION BY w.person_id ORDER BY c._row) AS n
  FROM omop.__who w JOIN observation c ON w.patient_id = c.patient_id
  WHERE array_has(c.codings, 'http://loinc.org|69453-9') AND c.component IS NULL AND coalesce(c.value_string, c.value_display, c.value_code) IS NOT NULL
    AND coalesce(c.status, '') NOT IN ('registered', 'cancelled', 'entered-in-error') AND coalesce(c.absent_reason, '') <> 'not-performed'
    AND coalesce(c.interpretation, '') <> 'negated'
) c
RIGHT JOIN (
  -- Of records that were merged it may be that only another than the person's own tells.
  SELECT person_id, deceased_at, deceased_at_text, row_number() OVER (PARTITION BY person_id ORDER BY deceased_at, deceased_at_text) AS n
  FROM omop.__who WHERE deceased_at IS NOT NULL
) p ON c.person_id = p.person_id AND c.n = 1
WHERE p.n = 1
