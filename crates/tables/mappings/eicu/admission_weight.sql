-- A weight of 0 or of 50 grams is none: the row is refused, to be looked at.
-- @target Observation as AdmissionWeight @key s.patientunitstayid @patient s.uniquepid @required subject, value
SELECT 'final'                                                                            AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')  AS category,
       code('http://loinc.org', '29463-7', 'Body weight')                                      AS code,
       ref('Patient', s.uniquepid)                                                        AS subject,
       ref('UnitStay', s.patientunitstayid)                                               AS encounter,
       at_offset(s.admitted, s.anchor)                                                    AS "effective.dateTime",
       CASE WHEN NOT coalesce(try_cast(s.admissionweight AS double) NOT BETWEEN 0.2 AND 700, false)
            THEN quantity(s.admissionweight, unit('ucum', 'kg')) END AS value
FROM stay s
WHERE s.admissionweight IS NOT NULL
