-- What the dispensing cabinet gave out. A drug has a row for each GSN.
-- @target MedicationDispense as medication_dispense_ed @key m.stay_id, m.charttime, m.name @group by m.stay_id, m.charttime, m.name @patient m.subject_id
SELECT 'completed'                           AS status,
       code('urn:medweave:code:gsn', m.gsn)  AS "medication.CodeableConcept.coding[]",
       m.name                                AS "medication.CodeableConcept.text",
       ref('patient', m.subject_id)          AS subject,
       ref('encounter_ed', m.stay_id)        AS context,
       instant(m.charttime)                  AS "whenHandedOver"
FROM pyxis m
