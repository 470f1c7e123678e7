-- The tables write codes without their point. In ICD-10-CM and in ICD-9-CM it stands behind the third character, in E codes of
-- ICD-9-CM behind the fourth.
SELECT c.*,
       trim(c.icd_code) AS bare,
       CASE WHEN c.icd_version = '9' AND c.icd_code LIKE 'E%' AND length(trim(c.icd_code)) > 4
            THEN substr(trim(c.icd_code), 1, 4) || '.' || substr(trim(c.icd_code), 5)
            WHEN (c.icd_version = '10' OR c.icd_code NOT LIKE 'E%') AND length(trim(c.icd_code)) > 3
            THEN substr(trim(c.icd_code), 1, 3) || '.' || substr(trim(c.icd_code), 4)
            ELSE trim(c.icd_code) END AS pointed
FROM diagnosis c
