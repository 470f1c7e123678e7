-- @target Observation as observation_micro_org @key m.micro_specimen_id, m.test_itemid, m.org_itemid, coalesce(m.isolate_num, '0') @each microbiologyevents @patient m.subject_id @required subject
SELECT 'final'                                                            AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')
                                                                          AS category,
       code('micro-test', m.test_itemid, m.test_name)                     AS code,
       ref('patient', m.subject_id)                                       AS subject,
       ref('encounter', m.hadm_id)                                        AS encounter,
       instant(m.taken)                                                   AS "effective.dateTime",
       ref('specimen', m.micro_specimen_id)                               AS specimen,
       code('organism', m.org_itemid, m.org_name)                         AS "value.CodeableConcept",
       text(m.quantity)                                                   AS "note[0].text",
       text(m.comments)                                                   AS "note[1].text",
       ref('observation_micro_test', m.micro_specimen_id, m.test_itemid)  AS "derivedFrom"
FROM micro_row m
WHERE m.org_itemid IS NOT NULL AND m.nth_of_organism = 1
