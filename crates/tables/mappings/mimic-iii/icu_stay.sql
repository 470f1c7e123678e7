-- @target Encounter as IcuStay @key i.icustay_id @patient i.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:icu-stay', i.icustay_id)                        AS identifier,
       'finished'                                                                               AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP', 'inpatient encounter')   AS class,
       ref('Patient', i.subject_id)                                                             AS subject,
       ref('Encounter', i.hadm_id)                                                              AS "partOf",
       period(i.intime, i.outtime)                                                              AS period,
       i.first_careunit                                                                         AS "location[0].location.display",
       CASE WHEN i.last_careunit <> i.first_careunit THEN i.last_careunit END                   AS "location[1].location.display"
FROM icustays i
