-- @target Procedure as procedure @key p.hadm_id, p.seq_num @each procedures_icd p @patient p.subject_id
SELECT 'completed'                   AS status,
       CASE p.icd_version WHEN '9' THEN code('urn:oid:2.16.840.1.113883.6.104', substr(trim(p.icd_code), 1, 2) || '.' || substr(trim(p.icd_code), 3), n.long_title)
                          WHEN '10' THEN code('http://www.cms.gov/Medicare/Coding/ICD10', trim(p.icd_code), n.long_title) END
                                     AS "code.coding[0]",
       CASE p.icd_version WHEN '9' THEN code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-procedure-icd9', trim(p.icd_code)) END
                                     AS "code.coding[1]",
       text(n.long_title)            AS "code.text",
       ref('patient', p.subject_id)  AS subject,
       ref('encounter', p.hadm_id)   AS encounter,
       date(p.chartdate)             AS "performed.dateTime"
FROM procedures_icd p
LEFT JOIN d_icd_procedures n ON n.icd_code = p.icd_code AND n.icd_version = p.icd_version
