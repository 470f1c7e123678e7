-- @target Observation as observation_outputevents @key c.stay_id, c.itemid, c.charttime, c.nth @each outputevents @patient c.subject_id @required subject
SELECT 'final'                                       AS status,
       text(i.category)                              AS "category.text",
       code('item', c.itemid, i.label)               AS code,
       ref('patient', c.subject_id)                  AS subject,
       ref('encounter_icu', c.stay_id)               AS encounter,
       instant(c.charttime)                          AS "effective.dateTime",
       instant(c.storetime)                          AS issued,
       quantity(c.value, unit('chart', c.valueuom))  AS value
FROM output_row c
LEFT JOIN d_items i ON i.itemid = c.itemid
