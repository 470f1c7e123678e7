-- The other questions of the APACHE admission form: the path without its last part is the question.
-- @target Observation as AdmissionAnswer @key a.admissiondxid @each admissiondx a @patient s.uniquepid @required subject
SELECT identifier('urn:medweave:source:{source}:admission-dx', a.admissiondxid)                   AS identifier,
       'final'                                                                                    AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'survey')               AS category,
       regexp_replace(regexp_replace(a.admitdxpath, '^admission diagnosis\|', ''), '\|[^|]*$', '')  AS "code.text",
       ref('Patient', s.uniquepid)                                                                AS subject,
       ref('UnitStay', a.patientunitstayid)                                                       AS encounter,
       at_offset(a.admitdxenteredoffset, at_offset(s.admitted, s.anchor))                         AS "effective.dateTime",
       text(a.admitdxtext)                                                                        AS value
FROM admissiondx a
LEFT JOIN stay s ON s.patientunitstayid = a.patientunitstayid
WHERE a.admitdxpath NOT LIKE 'admission diagnosis|All Diagnosis|%'
