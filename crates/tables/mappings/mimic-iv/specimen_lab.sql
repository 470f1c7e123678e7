-- @target Specimen as specimen_lab @key s.specimen_id @each labevents @patient s.subject_id
SELECT identifier('urn:medweave:source:{source}:specimen', s.specimen_id)  AS identifier,
       text(s.fluid)                                                       AS "type.text",
       ref('patient', s.subject_id)                                        AS subject,
       instant(s.charttime)                                                AS "collection.collected.dateTime"
FROM lab_specimen s
