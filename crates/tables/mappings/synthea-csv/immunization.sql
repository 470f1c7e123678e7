-- @target Immunization @key i.PATIENT, i.ENCOUNTER, i.CODE, i.DATE @patient i.PATIENT
SELECT 'completed'                                                 AS status,
       code('http://hl7.org/fhir/sid/cvx', i.CODE, i.DESCRIPTION)  AS "vaccineCode",
       ref('Patient', i.PATIENT)                                   AS patient,
       ref('Encounter', i.ENCOUNTER)                               AS encounter,
       instant(i.DATE)                                             AS "occurrence.dateTime",
       ref('Location', e.ORGANIZATION)                             AS location
FROM immunizations i
LEFT JOIN encounters e ON e.Id = i.ENCOUNTER
