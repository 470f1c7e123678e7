-- @target Procedure @key o.procedure_occurrence_id @each procedure_occurrence @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:procedure', o.procedure_occurrence_id)  AS identifier,
       'completed'                                                                      AS status,
       o.standard_system                                                                AS "code.coding[0].system",
       o.standard_code                                                                  AS "code.coding[0].code",
       o.standard_name                                                                  AS "code.coding[0].display",
       o.source_system                                                                  AS "code.coding[1].system",
       o.source_code                                                                    AS "code.coding[1].code",
       o.source_name                                                                    AS "code.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.procedure_concept_id, '0'))      AS "code.coding[2]",
       text(o.procedure_source_value)                                                   AS "code.text",
       ref('Patient', o.person_id)                                                      AS subject,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                                        AS encounter,
       CASE WHEN o.ended IS NULL THEN instant(o.started) END                            AS "performed.dateTime",
       CASE WHEN o.ended IS NOT NULL THEN period(o.started, o.ended) END                AS "performed.Period",
       ref('Provider', o.provider_id)                                                   AS "performer.actor",
       text(o.modifier_source_value)                                                    AS "note.text"
FROM procedure_row o
