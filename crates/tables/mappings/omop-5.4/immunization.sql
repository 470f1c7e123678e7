-- @target Immunization @key o.drug_exposure_id @each drug_exposure @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:drug', o.drug_exposure_id)     AS identifier,
       'completed'                                                             AS status,
       o.standard_system                                                       AS "vaccineCode.coding[0].system",
       o.standard_code                                                         AS "vaccineCode.coding[0].code",
       o.standard_name                                                         AS "vaccineCode.coding[0].display",
       o.source_system                                                         AS "vaccineCode.coding[1].system",
       o.source_code                                                           AS "vaccineCode.coding[1].code",
       o.source_name                                                           AS "vaccineCode.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.drug_concept_id, '0'))  AS "vaccineCode.coding[2]",
       text(o.drug_source_value)                                               AS "vaccineCode.text",
       ref('Patient', o.person_id)                                             AS patient,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                               AS encounter,
       instant(o.started)                                                      AS "occurrence.dateTime",
       ref('Provider', o.provider_id)                                          AS "performer.actor",
       nullif(o.lot_number, '0')                                               AS "lotNumber"
FROM drug_row o
WHERE o.vocabulary_id = 'CVX'
