-- @target Procedure @key p.PATIENT, p.ENCOUNTER, p.CODE, p.began, p.nth @patient p.PATIENT
SELECT 'completed'                                                        AS status,
       code('http://snomed.info/sct', p.CODE, p.DESCRIPTION)              AS code,
       ref('Patient', p.PATIENT)                                          AS subject,
       ref('Encounter', p.ENCOUNTER)                                      AS encounter,
       period(p.START, p.STOP)                                            AS "performed.Period",
       CASE WHEN p.START IS NULL THEN instant(p.DATE) END                 AS "performed.dateTime",
       ref('Location', e.ORGANIZATION)                                    AS location,
       code('http://snomed.info/sct', p.REASONCODE, p.REASONDESCRIPTION)  AS "reasonCode"
FROM procedure_row p
LEFT JOIN encounters e ON e.Id = p.ENCOUNTER
