-- @target Specimen as specimen @key m.micro_specimen_id @each microbiologyevents @patient m.subject_id
SELECT identifier('urn:medweave:source:{source}:micro-specimen', m.micro_specimen_id)  AS identifier,
       code('micro-specimen', m.spec_itemid, m.spec_type_desc)                         AS type,
       ref('patient', m.subject_id)                                                    AS subject,
       instant(m.taken)                                                                AS "collection.collected.dateTime"
FROM micro_row m
WHERE m.nth_of_specimen = 1
