-- A height of 0 or 1 is none: the row is refused, to be looked at.
-- @target Observation as Height @key s.patientunitstayid @patient s.uniquepid @required subject, value
SELECT 'final'                                                                            AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')  AS category,
       code('http://loinc.org', '8302-2', 'Body height')                                      AS code,
       ref('Patient', s.uniquepid)                                                        AS subject,
       ref('UnitStay', s.patientunitstayid)                                               AS encounter,
       at_offset(s.admitted, s.anchor)                                                    AS "effective.dateTime",
       CASE WHEN NOT coalesce(try_cast(s.admissionheight AS double) NOT BETWEEN 20 AND 300, false)
            THEN quantity(s.admissionheight, unit('ucum', 'cm')) END AS value
FROM stay s
WHERE s.admissionheight IS NOT NULL
