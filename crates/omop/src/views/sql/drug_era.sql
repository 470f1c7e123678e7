WITH once AS (
  SELECT d.person_id, i.concept_id, d.drug_exposure_start_date AS first_day, d.drug_exposure_end_date AS last_day, d.drug_exposure_id AS id
  FROM (
    SELECT a.descendant_concept_id, c.concept_id
    FROM (SELECT concept_id FROM omop.concept WHERE concept_class_id = 'Ingredient' AND standard_concept = 'S') c
    JOIN omop.concept_ancestor a ON c.concept_id = a.ancestor_concept_id
  ) i
  JOIN omop.drug_exposure d ON i.descendant_concept_id = d.drug_concept_id
  WHERE coalesce(d.days_supply, 0) >= 0
), followed AS (
  SELECT *, max(last_day) OVER (PARTITION BY person_id, concept_id ORDER BY first_day, last_day, id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM once
), numbered AS (
  SELECT *, CASE WHEN CAST(first_day AS INT) - CAST(until AS INT) > 1 THEN CAST(first_day AS INT) - CAST(until AS INT) - 1 ELSE 0 END AS gap,
         sum(CASE WHEN until IS NULL OR CAST(first_day AS INT) - CAST(until AS INT) > 30 THEN 1 ELSE 0 END)
         OVER (PARTITION BY person_id, concept_id ORDER BY first_day, last_day, id) AS era
  FROM followed
), eras AS (
  SELECT min(id) AS id, person_id, concept_id, min(first_day) AS first_day, max(last_day) AS last_day, count(*) AS exposures,
         sum(CASE WHEN until IS NOT NULL AND CAST(first_day AS INT) - CAST(until AS INT) <= 30 THEN gap ELSE 0 END) AS gap_days
  FROM numbered GROUP BY person_id, concept_id, era
)
SELECT id * 64 + row_number() OVER (PARTITION BY id ORDER BY concept_id) - 1 AS drug_era_id, person_id, concept_id AS drug_concept_id,
       first_day AS drug_era_start_date, last_day AS drug_era_end_date, exposures AS drug_exposure_count, gap_days
FROM eras
