-- labresulttext is what the laboratory sent (labresult has lost its comparators, and is wrong for FiO2). Where it has neither letter,
-- digit nor sign of a finding (`___`, `.`), the number is all there is.
-- @target Observation as Lab @key l.labid @each lab l @patient s.uniquepid @required subject
SELECT identifier('urn:medweave:source:{source}:lab', l.labid)                                         AS identifier,
       'final'                                                                                         AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')                AS category,
       code('lab', l.labname, l.labname)                                                               AS code,
       ref('Patient', s.uniquepid)                                                                     AS subject,
       ref('UnitStay', l.patientunitstayid)                                                            AS encounter,
       at_offset(l.labresultoffset, at_offset(s.admitted, s.anchor))                                   AS "effective.dateTime",
       at_offset(l.labresultrevisedoffset, at_offset(s.admitted, s.anchor))                            AS issued,
       coalesce(quantity(CASE WHEN regexp_like(l.labresulttext, '[^_.*\s]') THEN l.labresulttext ELSE l.labresult END,
                         unit('lab', l.labmeasurenamesystem)),
                text(l.labresulttext))                                                                 AS value
FROM lab l
LEFT JOIN stay s ON s.patientunitstayid = l.patientunitstayid
