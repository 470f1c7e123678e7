-- @target Condition as Diagnosis @key d.diagnosisid @each diagnosis @patient s.uniquepid
SELECT identifier('urn:medweave:source:{source}:diagnosis', d.diagnosisid)                              AS identifier,
       CASE d.activeupondischarge WHEN 'True' THEN code('http://terminology.hl7.org/CodeSystem/condition-clinical', 'active')
                                  WHEN 'False' THEN code('http://terminology.hl7.org/CodeSystem/condition-clinical', 'inactive') END
                                                                                                        AS "clinicalStatus",
       code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                                                                                        AS "category[0]",
       text(d.diagnosispriority)                                                                        AS "category[1].text",
       CASE d.first_edition WHEN '9' THEN code('http://hl7.org/fhir/sid/icd-9-cm', d.first)
                              WHEN '10' THEN code('http://hl7.org/fhir/sid/icd-10-cm', d.first) END      AS "code.coding[0]",
       CASE d.second_edition WHEN '9' THEN code('http://hl7.org/fhir/sid/icd-9-cm', d.second)
                              WHEN '10' THEN code('http://hl7.org/fhir/sid/icd-10-cm', d.second) END      AS "code.coding[1]",
       CASE d.third_edition WHEN '9' THEN code('http://hl7.org/fhir/sid/icd-9-cm', d.third)
                              WHEN '10' THEN code('http://hl7.org/fhir/sid/icd-10-cm', d.third) END      AS "code.coding[2]",
       text(d.diagnosisstring)                                                                          AS "code.text",
       ref('Patient', s.uniquepid)                                                                      AS subject,
       ref('UnitStay', d.patientunitstayid)                                                             AS encounter,
       at_offset(d.diagnosisoffset, at_offset(s.admitted, s.anchor))                                    AS "recordedDate"
FROM diagnosis_row d
LEFT JOIN stay s ON s.patientunitstayid = d.patientunitstayid
