-- @target Procedure @key t.treatmentid @each treatment t @patient s.uniquepid
SELECT identifier('urn:medweave:source:{source}:treatment', t.treatmentid)    AS identifier,
       'completed'                                                            AS status,
       text(t.treatmentstring)                                                AS "code.text",
       ref('Patient', s.uniquepid)                                            AS subject,
       ref('UnitStay', t.patientunitstayid)                                   AS encounter,
       at_offset(t.treatmentoffset, at_offset(s.admitted, s.anchor))          AS "performed.dateTime"
FROM treatment t
LEFT JOIN stay s ON s.patientunitstayid = t.patientunitstayid
