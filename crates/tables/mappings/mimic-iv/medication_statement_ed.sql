-- What a patient took before coming. A drug has a row for each class it belongs to.
-- @target MedicationStatement as medication_statement_ed @key m.stay_id, m.charttime, m.name @group by m.stay_id, m.charttime, m.name @patient m.subject_id
SELECT 'unknown'                       AS status,
       code('http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-etc', m.etccode, m.etcdescription)
                                       AS "medication.CodeableConcept.coding[]",
       m.name                          AS "medication.CodeableConcept.text",
       ref('patient', m.subject_id)    AS subject,
       ref('encounter_ed', m.stay_id)  AS context,
       instant(m.charttime)            AS "dateAsserted"
FROM medrecon m
