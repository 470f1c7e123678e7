-- @target Observation as Height @key s.patientunitstayid @patient s.uniquepid @required subject
SELECT 'final'                                                                            AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')  AS category,
       code('http://loinc.org', '8302-2', 'Body height')                                      AS code,
       ref('Patient', s.uniquepid)                                                        AS subject,
       ref('UnitStay', s.patientunitstayid)                                               AS encounter,
       at_offset(s.admitted, s.anchor)                                                    AS "effective.dateTime",
       quantity(s.admissionheight, unit('ucum', 'cm'))                                             AS value
FROM stay s
WHERE s.admissionheight IS NOT NULL
