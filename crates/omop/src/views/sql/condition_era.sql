WITH once AS (
  SELECT person_id, condition_concept_id AS concept_id, condition_start_date AS first_day, condition_occurrence_id AS id,
         CASE WHEN condition_end_date >= condition_start_date THEN condition_end_date
              ELSE CAST(CAST(condition_start_date AS INT) + 1 AS DATE) END AS last_day
  FROM omop.condition_occurrence WHERE condition_concept_id <> 0
), followed AS (
  SELECT *, max(last_day) OVER (PARTITION BY person_id, concept_id ORDER BY first_day, last_day, id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM once
), numbered AS (
  SELECT *, sum(CASE WHEN until IS NULL OR CAST(first_day AS INT) - CAST(until AS INT) > 30 THEN 1 ELSE 0 END)
            OVER (PARTITION BY person_id, concept_id ORDER BY first_day, last_day, id) AS era
  FROM followed
)
SELECT min(id) AS condition_era_id, person_id, concept_id AS condition_concept_id, min(first_day) AS condition_era_start_date,
       max(last_day) AS condition_era_end_date, count(*) AS condition_occurrence_count
FROM numbered GROUP BY person_id, concept_id, era
