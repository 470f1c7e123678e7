-- One for each drug of an order; what belongs to one order has the pharmacy_id as group.
-- @target MedicationRequest as medication_request @key p.subject_id, p.pharmacy_id, p.drug_type, p.drug, p.nth @each prescriptions @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:pharmacy', p.pharmacy_id)          AS "groupIdentifier",
       CASE WHEN p.stoptime IS NULL THEN 'unknown' ELSE 'completed' END            AS status,
       'order'                                                                     AS intent,
       text(p.drug_type)                                                           AS "category.text",
       CASE WHEN p.ndc <> '0' THEN code('http://hl7.org/fhir/sid/ndc', p.ndc) END  AS "medication.CodeableConcept.coding[0]",
       code('urn:medweave:code:gsn', p.gsn)                                        AS "medication.CodeableConcept.coding[1]",
       code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-formulary-drug-cd', p.formulary_drug_cd)
                                                                                   AS "medication.CodeableConcept.coding[2]",
       concat_ws(' ', p.drug, p.prod_strength)                                     AS "medication.CodeableConcept.text",
       ref('patient', p.subject_id)                                                AS subject,
       ref('encounter', p.hadm_id)                                                 AS encounter,
       instant(p.starttime)                                                        AS "authoredOn",
       concat_ws(' ', p.dose_val_rx, p.dose_unit_rx, p.route)                      AS "dosageInstruction.text",
       period(p.starttime, p.stoptime)                                             AS "dosageInstruction.timing.repeat.bounds.Period",
       code('route', p.route)                                                      AS "dosageInstruction.route",
       CASE WHEN p.dose_val_rx NOT LIKE '%-%' THEN quantity(replace(p.dose_val_rx, ',', ''), unit('dose', p.dose_unit_rx)) END
                                                                                   AS "dosageInstruction.doseAndRate.dose.Quantity",
       CASE WHEN p.dose_val_rx LIKE '%-%' THEN quantity(split_part(p.dose_val_rx, '-', 1), unit('dose', p.dose_unit_rx)) END
                                                                                   AS "dosageInstruction.doseAndRate.dose.Range.low",
       CASE WHEN p.dose_val_rx LIKE '%-%' THEN quantity(split_part(p.dose_val_rx, '-', 2), unit('dose', p.dose_unit_rx)) END
                                                                                   AS "dosageInstruction.doseAndRate.dose.Range.high"
FROM prescription_row p
