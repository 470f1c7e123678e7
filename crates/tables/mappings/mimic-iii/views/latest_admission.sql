-- What admissions say of a patient: the last one speaks for the patient.
SELECT subject_id, language, religion, marital_status, ethnicity
FROM (SELECT a.*, row_number() OVER (PARTITION BY a.subject_id ORDER BY a.admittime DESC, a.hadm_id DESC) AS back
      FROM admissions a) AS numbered
WHERE back = 1
