-- icd9code holds one to three codes, those of ICD-9-CM first: '584.9, E930.8, N17.9'. A code is of ICD-9-CM if it is written as
-- one: three digits, V and two digits, or E and three digits before the point.
SELECT diagnosisid, patientunitstayid, activeupondischarge, diagnosisoffset, diagnosisstring, diagnosispriority,
       first, second, third,
       CASE WHEN regexp_like(first, '^([0-9]{3}|V[0-9]{2}|E[0-9]{3})(\.[0-9]+)?$') THEN '9' WHEN first <> '' THEN '10' END AS first_edition,
       CASE WHEN regexp_like(second, '^([0-9]{3}|V[0-9]{2}|E[0-9]{3})(\.[0-9]+)?$') THEN '9' WHEN second <> '' THEN '10' END AS second_edition,
       CASE WHEN regexp_like(third, '^([0-9]{3}|V[0-9]{2}|E[0-9]{3})(\.[0-9]+)?$') THEN '9' WHEN third <> '' THEN '10' END AS third_edition
FROM (SELECT d.*,
             trim(split_part(d.icd9code, ',', 1)) AS first,
             trim(split_part(d.icd9code, ',', 2)) AS second,
             trim(split_part(d.icd9code, ',', 3)) AS third
      FROM diagnosis d) AS cut
