WITH seen AS (
  SELECT person_id, min(first_day) AS first_day, max(last_day) AS last_day
  FROM (
    SELECT person_id, min(start_date) AS first_day, max(CASE WHEN end_date >= start_date THEN least(end_date, greatest(start_date, {today})) ELSE start_date END) AS last_day
    FROM omop.__event WHERE reason IS NULL GROUP BY person_id
    UNION ALL
    SELECT person_id, min(start_date), max(CASE WHEN end_date >= start_date THEN least(end_date, greatest(start_date, {today})) ELSE start_date END)
    FROM omop.__visit WHERE reason IS NULL GROUP BY person_id
  ) days
  GROUP BY person_id
), told AS (
  SELECT e._row AS id, p.person_id, omop_date(e.start_at, e.start_at_text) AS first_day, omop_last_date(e.end_at, e.end_at_text) AS end_day,
         nullif(omop_concept(e.type_codings), 0) AS type_id
  FROM omop.__who p
  JOIN episode_of_care e ON p.patient_id = e.patient_id
  WHERE array_has(e.type_codings, 'urn:medweave:code:omop-table|observation_period') AND e.start_at IS NOT NULL
    AND e.status NOT IN ('planned', 'waitlist', 'cancelled', 'entered-in-error')
), ended AS (
  -- A person of whom nothing was told has one period, over all that was seen.
  SELECT coalesce(t.id, s.person_id) AS id, coalesce(t.person_id, s.person_id) AS person_id, coalesce(t.type_id, 32817) AS type_id,
         CASE WHEN t.id IS NULL THEN s.first_day ELSE t.first_day END AS first_day,
         CASE WHEN t.id IS NULL THEN s.last_day ELSE greatest(t.first_day, coalesce(t.end_day, s.last_day, t.first_day)) END AS last_day
  FROM told t FULL JOIN seen s ON t.person_id = s.person_id
), followed AS (
  SELECT *, max(last_day) OVER (PARTITION BY person_id ORDER BY first_day, last_day, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM ended
), numbered AS (
  SELECT *, sum(CASE WHEN until IS NULL OR CAST(first_day AS INT) - CAST(until AS INT) > 1 THEN 1 ELSE 0 END)
            OVER (PARTITION BY person_id ORDER BY first_day, last_day, id) AS part
  FROM followed
)
SELECT min(id) AS observation_period_id, person_id, min(first_day) AS observation_period_start_date, max(last_day) AS observation_period_end_date,
       min(type_id) AS period_type_concept_id
FROM numbered GROUP BY person_id, part
