-- @target MedicationDispense as medication_dispense @key p.pharmacy_id @each pharmacy p @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:pharmacy', p.pharmacy_id)  AS identifier,
       CASE WHEN p.status LIKE 'Discontinued%' THEN 'stopped' WHEN p.status LIKE 'Expired%' THEN 'completed' ELSE 'unknown' END
                                                                           AS status,
       text(p.medication)                                                  AS "medication.CodeableConcept.text",
       ref('patient', p.subject_id)                                        AS subject,
       ref('encounter', p.hadm_id)                                         AS context,
       text(p.proc_type)                                                   AS "type.text",
       quantity(p.fill_quantity, NULL)                                     AS quantity,
       instant(p.verifiedtime)                                             AS "whenPrepared",
       concat_ws(' ', p.frequency, p.route)                                AS "dosageInstruction.text",
       text(p.frequency)                                                   AS "dosageInstruction.timing.code.text",
       period(p.starttime, p.stoptime)                                     AS "dosageInstruction.timing.repeat.bounds.Period",
       code('route', p.route)                                              AS "dosageInstruction.route"
FROM pharmacy p
