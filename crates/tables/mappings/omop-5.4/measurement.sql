-- A number, else a coded value, else what the source said.
-- @target Observation as Measurement @key o.measurement_id @each measurement @patient o.person_id @required subject
SELECT identifier('urn:medweave:source:{source}:measurement', o.measurement_id)       AS identifier,
       'final'                                                                        AS status,
       o.standard_system                                                              AS "code.coding[0].system",
       o.standard_code                                                                AS "code.coding[0].code",
       o.standard_name                                                                AS "code.coding[0].display",
       o.source_system                                                                AS "code.coding[1].system",
       o.source_code                                                                  AS "code.coding[1].code",
       o.source_name                                                                  AS "code.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.measurement_concept_id, '0'))  AS "code.coding[2]",
       text(o.measurement_source_value)                                               AS "code.text",
       ref('Patient', o.person_id)                                                    AS subject,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                                      AS encounter,
       instant(o.started)                                                             AS "effective.dateTime",
       ref('Provider', o.provider_id)                                                 AS performer,
       quantity(o.number, unit('ucum', o.unit))                                       AS "value.Quantity",
       CASE WHEN o.number IS NULL THEN o.value_system END                             AS "value.CodeableConcept.coding[0].system",
       CASE WHEN o.number IS NULL THEN o.value_code END                               AS "value.CodeableConcept.coding[0].code",
       CASE WHEN o.number IS NULL THEN o.value_name END                               AS "value.CodeableConcept.coding[0].display",
       CASE WHEN o.number IS NULL AND o.value_code IS NOT NULL THEN text(o.value_source_value) END
                                                                                      AS "value.CodeableConcept.text",
       CASE WHEN o.number IS NULL AND o.value_code IS NULL THEN text(o.value_source_value) END
                                                                                      AS "value.string",
       quantity(o.range_low, unit('ucum', o.unit))                                    AS "referenceRange.low",
       quantity(o.range_high, unit('ucum', o.unit))                                   AS "referenceRange.high"
FROM measurement_row o
