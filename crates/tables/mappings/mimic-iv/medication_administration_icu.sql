-- @target MedicationAdministration as medication_administration_icu @key m.orderid, m.itemid @each inputevents m @patient m.subject_id
SELECT identifier('urn:medweave:source:{source}:input-event', m.orderid || '-' || m.itemid)
                                                       AS identifier,
       CASE m.statusdescription WHEN 'Stopped' THEN 'stopped' WHEN 'Rewritten' THEN 'entered-in-error' ELSE 'completed' END
                                                       AS status,
       text(m.ordercategoryname)                       AS "category.text",
       code('item', m.itemid, i.label)                 AS "medication.CodeableConcept",
       ref('patient', m.subject_id)                    AS subject,
       ref('encounter_icu', m.stay_id)                 AS context,
       period(m.starttime, m.endtime)                  AS "effective.Period",
       text(m.ordercategorydescription)                AS "dosage.method.text",
       quantity(m.amount, unit('chart', m.amountuom))  AS "dosage.dose",
       quantity(m.rate, unit('chart', m.rateuom))      AS "dosage.rate.Quantity"
FROM inputevents m
LEFT JOIN d_items i ON i.itemid = m.itemid
