-- @target Encounter @key e.Id @patient e.PATIENT @required subject
SELECT identifier('https://github.com/synthetichealth/synthea', e.Id, 'official')  AS identifier,
       CASE WHEN e.STOP IS NULL THEN 'in-progress' ELSE 'finished' END             AS status,
       code('encounter-class', e.ENCOUNTERCLASS)                                   AS class,
       code('http://snomed.info/sct', e.CODE, e.DESCRIPTION)                       AS "type[0]",
       text(e.ENCOUNTERCLASS)                                                      AS "type[1].text",
       ref('Patient', e.PATIENT)                                                   AS subject,
       code('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'PPRF', 'primary performer')
                                                                                   AS "participant.type",
       ref('Practitioner', e.PROVIDER)                                             AS "participant.individual",
       period(e.START, e.STOP)                                                     AS period,
       code('http://snomed.info/sct', e.REASONCODE, e.REASONDESCRIPTION)           AS "reasonCode",
       ref('Location', e.ORGANIZATION)                                             AS "location.location",
       ref('Organization', e.ORGANIZATION)                                         AS "serviceProvider"
FROM encounters e
