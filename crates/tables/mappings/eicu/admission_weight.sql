-- @target Observation as AdmissionWeight @key s.patientunitstayid @patient s.uniquepid @required subject
SELECT 'final'                                                                            AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')  AS category,
       code('http://loinc.org', '29463-7', 'Body weight')                                      AS code,
       ref('Patient', s.uniquepid)                                                        AS subject,
       ref('UnitStay', s.patientunitstayid)                                               AS encounter,
       at_offset(s.admitted, s.anchor)                                                    AS "effective.dateTime",
       quantity(s.admissionweight, unit('ucum', 'kg'))                                             AS value
FROM stay s
WHERE s.admissionweight IS NOT NULL
