-- The path says what was looked at; its last part is the finding itself where there is no number.
-- @target Observation as PhysicalExam @key x.physicalexamid @each physicalexam @patient s.uniquepid @required subject
SELECT identifier('urn:medweave:source:{source}:physical-exam', x.physicalexamid)                    AS identifier,
       'final'                                                                                       AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'exam')                    AS category,
       code('exam', x.path, x.path)                                                                  AS code,
       ref('Patient', s.uniquepid)                                                                   AS subject,
       ref('UnitStay', x.patientunitstayid)                                                          AS encounter,
       at_offset(x.physicalexamoffset, at_offset(s.admitted, s.anchor))                              AS "effective.dateTime",
       coalesce(quantity(x.physicalexamtext, unit('ucum', x.ucum)), text(x.physicalexamtext))        AS value
FROM exam_row x
LEFT JOIN stay s ON s.patientunitstayid = x.patientunitstayid
