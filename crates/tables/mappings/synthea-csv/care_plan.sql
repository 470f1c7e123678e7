-- @target CarePlan @key cp.Id @each careplans cp @patient cp.PATIENT
SELECT identifier('https://github.com/synthetichealth/synthea', cp.Id)             AS identifier,
       CASE WHEN cp.STOP IS NULL THEN 'active' ELSE 'completed' END                AS status,
       'order'                                                                     AS intent,
       code('http://snomed.info/sct', cp.CODE, cp.DESCRIPTION)                     AS category,
       ref('Patient', cp.PATIENT)                                                  AS subject,
       ref('Encounter', cp.ENCOUNTER)                                              AS encounter,
       period(cp.START, cp.STOP)                                                   AS period,
       ref('Condition', r.PATIENT, r.ENCOUNTER, r.CODE, r.START, r.nth)            AS addresses,
       cp.REASONDESCRIPTION                                                        AS "addresses.display"
FROM careplans cp
LEFT JOIN careplan_reason r ON r.plan = cp.Id
