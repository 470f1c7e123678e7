-- @target MedicationRequest @key m.PATIENT, m.ENCOUNTER, m.CODE, m.START, m.nth @patient m.PATIENT
SELECT CASE WHEN m.STOP IS NULL THEN 'active' ELSE 'stopped' END                         AS status,
       'order'                                                                           AS intent,
       code('http://www.nlm.nih.gov/research/umls/rxnorm', m.CODE, m.DESCRIPTION)        AS "medication.CodeableConcept",
       ref('Patient', m.PATIENT)                                                         AS subject,
       ref('Encounter', m.ENCOUNTER)                                                     AS encounter,
       instant(m.START)                                                                  AS "authoredOn",
       ref('Practitioner', e.PROVIDER)                                                   AS requester,
       code('http://snomed.info/sct', m.REASONCODE, m.REASONDESCRIPTION)                 AS "reasonCode",
       period(m.START, m.STOP)                                                           AS "dispenseRequest.validityPeriod"
FROM medication_row m
LEFT JOIN encounters e ON e.Id = m.ENCOUNTER
