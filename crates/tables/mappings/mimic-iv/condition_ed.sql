-- @target Condition as condition_ed @key d.stay_id, d.seq_num @each diagnosis @patient d.subject_id
SELECT code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                       AS category,
       CASE d.icd_version WHEN '9' THEN code('http://hl7.org/fhir/sid/icd-9-cm', d.pointed, d.icd_title)
                          WHEN '10' THEN code('http://hl7.org/fhir/sid/icd-10-cm', d.pointed, d.icd_title) END
                                       AS "code.coding[0]",
       CASE d.icd_version WHEN '9' THEN code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9', d.bare)
                          WHEN '10' THEN code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10', d.bare) END
                                       AS "code.coding[1]",
       text(d.icd_title)               AS "code.text",
       ref('patient', d.subject_id)    AS subject,
       ref('encounter_ed', d.stay_id)  AS encounter
FROM ed_condition_row d
