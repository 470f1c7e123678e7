-- @target Observation as observation_chartevents @key c.stay_id, c.itemid, c.charttime, c.nth @each chartevents @patient c.subject_id @required subject
SELECT 'final'                                                                AS status,
       text(i.category)                                                       AS "category.text",
       code('item', c.itemid, i.label)                                        AS code,
       ref('patient', c.subject_id)                                           AS subject,
       ref('encounter_icu', c.stay_id)                                        AS encounter,
       instant(c.charttime)                                                   AS "effective.dateTime",
       instant(c.storetime)                                                   AS issued,
       coalesce(quantity(coalesce(c.value, c.valuenum), unit('chart', c.valueuom)), text(c.value))
                                                                              AS value,
       CASE WHEN c.warning = '1' THEN code('http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', 'A', 'Abnormal') END
                                                                              AS interpretation,
       number(i.lownormalvalue)                                               AS "referenceRange.low.value",
       number(i.highnormalvalue)                                              AS "referenceRange.high.value"
FROM chart_row c
LEFT JOIN d_items i ON i.itemid = c.itemid
