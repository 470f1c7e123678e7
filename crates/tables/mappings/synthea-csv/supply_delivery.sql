-- @target SupplyDelivery @key s.PATIENT, s.ENCOUNTER, s.CODE, s.DATE, s.nth @patient s.PATIENT
SELECT 'completed'                                                                       AS status,
       ref('Patient', s.PATIENT)                                                         AS patient,
       code('http://terminology.hl7.org/CodeSystem/supply-item-type', 'device', 'Device') AS type,
       quantity(s.QUANTITY, NULL)                                                        AS "suppliedItem.quantity",
       code('http://snomed.info/sct', s.CODE, s.DESCRIPTION)                             AS "suppliedItem.item.CodeableConcept",
       instant(s.DATE)                                                                   AS "occurrence.dateTime"
FROM supply_row s
