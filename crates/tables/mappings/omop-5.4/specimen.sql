-- @target Specimen @key s.specimen_id @each specimen s @patient s.person_id
SELECT identifier('urn:medweave:source:{source}:specimen', s.specimen_id)          AS identifier,
       c.system                                                                    AS "type.coding[0].system",
       c.concept_code                                                              AS "type.coding[0].code",
       c.concept_name                                                              AS "type.coding[0].display",
       code('urn:medweave:code:omop-concept', nullif(s.specimen_concept_id, '0'))  AS "type.coding[1]",
       text(s.specimen_source_value)                                               AS "type.text",
       ref('Patient', s.person_id)                                                 AS subject,
       instant(CASE WHEN s.specimen_datetime IS NULL OR s.specimen_datetime LIKE '%00:00:00%' THEN s.specimen_date ELSE s.specimen_datetime END)
                                                                                   AS "collection.collected.dateTime",
       quantity(s.quantity, s.unit_source_value)                                   AS "collection.quantity",
       text(s.anatomic_site_source_value)                                          AS "collection.bodySite.text"
FROM specimen s
LEFT JOIN coding c ON c.concept_id = s.specimen_concept_id
