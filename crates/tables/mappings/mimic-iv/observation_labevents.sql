-- Where the text was struck out, the number beside it is the value; if there is none, the value is in the comments.
-- @target Observation as observation_labevents @key l.labevent_id @each labevents l @patient l.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:lab-event', l.labevent_id)  AS identifier,
       'final'                                                              AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')
                                                                            AS category,
       code('lab', l.itemid, d.label)                                       AS code,
       ref('patient', l.subject_id)                                         AS subject,
       ref('encounter', l.hadm_id)                                          AS encounter,
       instant(l.charttime)                                                 AS "effective.dateTime",
       instant(l.storetime)                                                 AS issued,
       coalesce(quantity(coalesce(l.value, l.valuenum), unit('lab', l.valueuom)), text(l.value))
                                                                            AS value,
       CASE WHEN l.value IS NULL AND l.valuenum IS NULL AND l.comments IS NOT NULL THEN code('http://terminology.hl7.org/CodeSystem/data-absent-reason', 'as-text', 'As Text') END
                                                                            AS "dataAbsentReason",
       code('flag', l.flag)                                                 AS interpretation,
       text(l.comments)                                                     AS "note.text",
       ref('specimen_lab', l.specimen_id)                                   AS specimen,
       quantity(l.ref_range_lower, unit('lab', l.valueuom))                 AS "referenceRange.low",
       quantity(l.ref_range_upper, unit('lab', l.valueuom))                 AS "referenceRange.high"
FROM labevents l
LEFT JOIN d_labitems d ON d.itemid = l.itemid
