-- The days are days: the times in startdate and enddate are always midnight.
-- @target MedicationRequest @key p.row_id @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:prescription', p.row_id)                      AS identifier,
       CASE WHEN p.enddate IS NULL THEN 'unknown' ELSE 'completed' END                        AS status,
       'order'                                                                                AS intent,
       text(p.drug_type)                                                                      AS "category.text",
       CASE WHEN p.ndc <> '0' THEN code('http://hl7.org/fhir/sid/ndc', p.ndc) END             AS "medication.CodeableConcept.coding[0]",
       code('urn:medweave:code:gsn', p.gsn)                                                   AS "medication.CodeableConcept.coding[1]",
       code('urn:medweave:code:mimic-iii-formulary', p.formulary_drug_cd)                     AS "medication.CodeableConcept.coding[2]",
       concat_ws(' ', p.drug, p.prod_strength)                                                AS "medication.CodeableConcept.text",
       ref('Patient', p.subject_id)                                                           AS subject,
       ref('Encounter', p.hadm_id)                                                            AS encounter,
       date(p.startdate)                                                                      AS "authoredOn",
       concat_ws(' ', p.dose_val_rx, p.dose_unit_rx, p.route)                                 AS "dosageInstruction.text",
       period(date(p.startdate), date(p.enddate))                                             AS "dosageInstruction.timing.repeat.bounds.Period",
       code('route', p.route)                                                                 AS "dosageInstruction.route",
       CASE WHEN p.dose_val_rx NOT LIKE '%-%'
            THEN quantity(replace(p.dose_val_rx, ',', ''), unit('dose', p.dose_unit_rx)) END   AS "dosageInstruction.doseAndRate.dose.Quantity",
       CASE WHEN p.dose_val_rx LIKE '%-%'
            THEN quantity(split_part(p.dose_val_rx, '-', 1), unit('dose', p.dose_unit_rx)) END AS "dosageInstruction.doseAndRate.dose.Range.low",
       CASE WHEN p.dose_val_rx LIKE '%-%'
            THEN quantity(split_part(p.dose_val_rx, '-', 2), unit('dose', p.dose_unit_rx)) END AS "dosageInstruction.doseAndRate.dose.Range.high"
FROM prescriptions p
