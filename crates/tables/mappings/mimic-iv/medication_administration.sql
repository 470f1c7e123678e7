-- Doses are texts: what is no number stays in dosage.text.
-- @target MedicationAdministration as medication_administration @key e.emar_id @each emar e @patient e.subject_id
SELECT identifier('urn:medweave:source:{source}:emar', e.emar_id)     AS identifier,
       coalesce(code('emar-status', e.event_txt), 'unknown')          AS status,
       text(e.event_txt)                                              AS "statusReason.text",
       coalesce(text(e.medication), text(p.medication))               AS "medication.CodeableConcept.text",
       ref('patient', e.subject_id)                                   AS subject,
       ref('encounter', e.hadm_id)                                    AS context,
       instant(e.charttime)                                           AS "effective.dateTime",
       ref('medication_dispense', e.pharmacy_id)                      AS "supportingInformation",
       concat_ws(' ', d.dose_given, d.dose_given_unit)                AS "dosage.text",
       code('route', d.route)                                         AS "dosage.route",
       text(d.site)                                                   AS "dosage.site.text",
       quantity(d.dose_given, unit('dose', d.dose_given_unit))        AS "dosage.dose",
       quantity(d.infusion_rate, unit('dose', d.infusion_rate_unit))  AS "dosage.rate.Quantity"
FROM emar e
LEFT JOIN emar_dose d ON d.emar_id = e.emar_id
LEFT JOIN pharmacy p ON p.pharmacy_id = e.pharmacy_id
