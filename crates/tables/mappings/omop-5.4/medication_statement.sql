-- What OMOP calls an exposure: the person is taken to have had the drug. Vaccines are Immunizations.
-- @target MedicationStatement @key o.drug_exposure_id @each drug_exposure @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:drug', o.drug_exposure_id)     AS identifier,
       'completed'                                                             AS status,
       text(o.stop_reason)                                                     AS "statusReason.text",
       o.standard_system                                                       AS "medication.CodeableConcept.coding[0].system",
       o.standard_code                                                         AS "medication.CodeableConcept.coding[0].code",
       o.standard_name                                                         AS "medication.CodeableConcept.coding[0].display",
       o.source_system                                                         AS "medication.CodeableConcept.coding[1].system",
       o.source_code                                                           AS "medication.CodeableConcept.coding[1].code",
       o.source_name                                                           AS "medication.CodeableConcept.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.drug_concept_id, '0'))  AS "medication.CodeableConcept.coding[2]",
       text(o.drug_source_value)                                               AS "medication.CodeableConcept.text",
       ref('Patient', o.person_id)                                             AS subject,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                               AS context,
       period(o.started, o.ended)                                              AS "effective.Period",
       ref('Provider', o.provider_id)                                          AS "informationSource",
       concat_ws(' ', o.sig, o.route_source_value)                             AS "dosage.text",
       r.system                                                                AS "dosage.route.coding.system",
       r.concept_code                                                          AS "dosage.route.coding.code",
       r.concept_name                                                          AS "dosage.route.coding.display",
       text(o.route_source_value)                                              AS "dosage.route.text",
       o.quantity                                                              AS "extension('urn:medweave:extension:quantity').valueDecimal",
       o.days_supply                                                           AS "extension('urn:medweave:extension:days-supply').valueInteger",
       o.refills                                                               AS "extension('urn:medweave:extension:refills').valueInteger",
       nullif(o.lot_number, '0')                                               AS "extension('urn:medweave:extension:lot-number').valueString"
FROM drug_row o
LEFT JOIN coding r ON r.concept_id = nullif(o.route_concept_id, '0')
WHERE o.vocabulary_id IS NULL OR o.vocabulary_id <> 'CVX'
