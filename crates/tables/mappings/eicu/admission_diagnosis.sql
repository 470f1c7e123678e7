-- @target Condition as AdmissionDiagnosis @key a.admissiondxid @each admissiondx a @patient s.uniquepid
SELECT identifier('urn:medweave:source:{source}:admission-dx', a.admissiondxid)                   AS identifier,
       code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                                                                                  AS "category[0]",
       code('http://terminology.hl7.org/CodeSystem/ex-diagnosistype', 'admitting', 'Admitting Diagnosis') AS "category[1]",
       text(a.admitdxname)                                                                        AS "code.text",
       text(a.admitdxpath)                                                                        AS "note.text",
       ref('Patient', s.uniquepid)                                                                AS subject,
       ref('UnitStay', a.patientunitstayid)                                                       AS encounter,
       at_offset(a.admitdxenteredoffset, at_offset(s.admitted, s.anchor))                         AS "recordedDate"
FROM admissiondx a
LEFT JOIN stay s ON s.patientunitstayid = a.patientunitstayid
WHERE a.admitdxpath LIKE 'admission diagnosis|All Diagnosis|%'
