-- @target Condition as condition @key d.hadm_id, d.seq_num @each diagnoses_icd @patient d.subject_id
SELECT code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                     AS category,
       CASE d.icd_version WHEN '9' THEN code('http://hl7.org/fhir/sid/icd-9-cm', d.pointed, n.long_title)
                          WHEN '10' THEN code('http://hl7.org/fhir/sid/icd-10-cm', d.pointed, n.long_title) END
                                     AS "code.coding[0]",
       CASE d.icd_version WHEN '9' THEN code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9', d.bare)
                          WHEN '10' THEN code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10', d.bare) END
                                     AS "code.coding[1]",
       text(n.long_title)            AS "code.text",
       ref('patient', d.subject_id)  AS subject,
       ref('encounter', d.hadm_id)   AS encounter
FROM condition_row d
LEFT JOIN d_icd_diagnoses n ON n.icd_code = d.icd_code AND n.icd_version = d.icd_version
