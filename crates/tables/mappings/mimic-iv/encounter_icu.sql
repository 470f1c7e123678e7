-- @target Encounter as encounter_icu @key i.stay_id @patient i.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:icu-stay', i.stay_id)  AS identifier,
       'finished'                                                      AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'ACUTE', 'inpatient acute')
                                                                       AS class,
       ref('patient', i.subject_id)                                    AS subject,
       ref('encounter', i.hadm_id)                                     AS "partOf",
       period(i.intime, i.outtime)                                     AS period,
       ref('location', i.first_careunit)                               AS "location[0].location",
       CASE WHEN i.last_careunit <> i.first_careunit THEN ref('location', i.last_careunit) END
                                                                       AS "location[1].location",
       ref('organization', '1')                                        AS "serviceProvider"
FROM icustays i
