-- Systolic and diastolic of one visit and instant are one Observation.
-- @target Observation as BloodPressure @key o.PATIENT, o.ENCOUNTER, o.DATE @group by o.PATIENT, o.ENCOUNTER, o.DATE
-- @order o.CODE DESC @patient o.PATIENT
SELECT 'final'                                                                                AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')      AS category,
       code('http://loinc.org', '85354-9', 'Blood pressure panel with all children optional') AS code,
       ref('Patient', o.PATIENT)                                                              AS subject,
       ref('Encounter', o.ENCOUNTER)                                                          AS encounter,
       instant(o.DATE)                                                                        AS "effective.dateTime",
       code('http://loinc.org', o.CODE, o.DESCRIPTION)                                        AS "component[].code",
       quantity(o.VALUE, unit('ucum', o.ucum))                                                AS "component[].value"
FROM observation_row o
WHERE o.panel = '85354-9'
