-- @target Observation as observation_micro_test @key m.micro_specimen_id, m.test_itemid @each microbiologyevents @patient m.subject_id @required subject
SELECT 'final'                                                   AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')
                                                                 AS category,
       code('micro-test', m.test_itemid, m.test_name)            AS code,
       ref('patient', m.subject_id)                              AS subject,
       ref('encounter', m.hadm_id)                               AS encounter,
       instant(m.taken)                                          AS "effective.dateTime",
       instant(m.storetime)                                      AS issued,
       ref('specimen', m.micro_specimen_id)                      AS specimen,
       CASE WHEN m.org_itemid IS NULL THEN text(m.comments) END  AS "value.string"
FROM micro_row m
WHERE m.nth_of_test = 1
