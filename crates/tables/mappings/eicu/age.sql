-- The set has no dates of birth, only ages at admission; above 89 it says '> 89'.
-- @target Observation as Age @key s.patientunitstayid @patient s.uniquepid @required subject
SELECT 'final'                                                                               AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'social-history')  AS category,
       code('http://loinc.org', '30525-0', 'Age')                                            AS code,
       ref('Patient', s.uniquepid)                                                           AS subject,
       ref('UnitStay', s.patientunitstayid)                                                  AS encounter,
       at_offset(s.admitted, s.anchor)                                                       AS "effective.dateTime",
       quantity(s.age, unit('ucum', 'a'))                                                    AS value
FROM stay s
WHERE s.age IS NOT NULL
