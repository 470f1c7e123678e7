-- The year of birth is anchor_year less anchor_age; 91 stands for every age above 89.
-- @target Patient as patient @key p.subject_id @each patients p @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:patient', p.subject_id, 'usual', 'MR')  AS identifier,
       code('sex', p.gender)                                                            AS gender,
       date(CAST(try_cast(p.anchor_year AS bigint) - try_cast(p.anchor_age AS bigint) AS varchar))
                                                                                        AS "birthDate",
       date(p.dod)                                                                      AS "deceased.dateTime",
       code('marital', a.marital_status)                                                AS "maritalStatus",
       code('language', a.language)                                                     AS "communication.language",
       code('race', CASE WHEN a.race LIKE 'WHITE%' THEN 'WHITE'
                         WHEN a.race LIKE 'BLACK%' THEN 'BLACK'
                         WHEN a.race LIKE 'ASIAN%' THEN 'ASIAN'
                         WHEN a.race LIKE 'HISPANIC%' THEN 'HISPANIC'
                         WHEN a.race LIKE 'AMERICAN INDIAN%' THEN 'AMERICAN INDIAN'
                         ELSE a.race END, a.race)
                                                                                        AS "extension('urn:medweave:extension:patient-race').valueCodeableConcept"
FROM patients p
LEFT JOIN latest_admission a ON a.subject_id = p.subject_id
