-- The table writes codes without their point; both spellings are kept.
-- @target Condition @key d.hadm_id, d.seq_num, d.row_id @patient d.subject_id
SELECT code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis') AS category,
       code('http://hl7.org/fhir/sid/icd-9-cm',
            CASE WHEN d.icd9_code LIKE 'E%' AND length(d.icd9_code) > 4 THEN substr(d.icd9_code, 1, 4) || '.' || substr(d.icd9_code, 5)
                 WHEN d.icd9_code NOT LIKE 'E%' AND length(d.icd9_code) > 3 THEN substr(d.icd9_code, 1, 3) || '.' || substr(d.icd9_code, 4)
                 ELSE d.icd9_code END)                                                                       AS "code.coding[0]",
       code('urn:medweave:code:mimic-iii-icd9', d.icd9_code)                          AS "code.coding[1]",
       ref('Patient', d.subject_id)                                                   AS subject,
       ref('Encounter', d.hadm_id)                                                    AS encounter
FROM diagnoses_icd d
