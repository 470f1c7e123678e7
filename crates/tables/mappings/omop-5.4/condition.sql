-- @target Condition @key o.condition_occurrence_id @each condition_occurrence @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:condition', o.condition_occurrence_id)  AS identifier,
       CASE WHEN o.ended IS NOT NULL THEN code('http://terminology.hl7.org/CodeSystem/condition-clinical', 'resolved') END
                                                                                        AS "clinicalStatus",
       code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                                                                        AS "category[0]",
       text(o.condition_status_source_value)                                            AS "category[1].text",
       o.standard_system                                                                AS "code.coding[0].system",
       o.standard_code                                                                  AS "code.coding[0].code",
       o.standard_name                                                                  AS "code.coding[0].display",
       o.source_system                                                                  AS "code.coding[1].system",
       o.source_code                                                                    AS "code.coding[1].code",
       o.source_name                                                                    AS "code.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.condition_concept_id, '0'))      AS "code.coding[2]",
       text(o.condition_source_value)                                                   AS "code.text",
       ref('Patient', o.person_id)                                                      AS subject,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                                        AS encounter,
       instant(o.started)                                                               AS "onset.dateTime",
       instant(o.ended)                                                                 AS "abatement.dateTime",
       ref('Provider', o.provider_id)                                                   AS asserter
FROM condition_row o
