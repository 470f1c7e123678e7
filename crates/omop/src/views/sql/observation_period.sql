SELECT person_id AS observation_period_id, person_id, min(first_day) AS observation_period_start_date,
       max(last_day) AS observation_period_end_date, 32817 AS period_type_concept_id
FROM (
  SELECT person_id, min(start_date) AS first_day, max(CASE WHEN end_date >= start_date THEN end_date ELSE start_date END) AS last_day
  FROM omop.__event WHERE reason IS NULL GROUP BY person_id
  UNION ALL
  SELECT person_id, min(start_date), max(CASE WHEN end_date >= start_date THEN end_date ELSE start_date END)
  FROM omop.__visit WHERE reason IS NULL GROUP BY person_id
) days
GROUP BY person_id
