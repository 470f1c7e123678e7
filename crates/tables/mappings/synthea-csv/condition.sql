-- @target Condition @key c.PATIENT, c.ENCOUNTER, c.CODE, c.START, c.nth @patient c.PATIENT @required subject
SELECT code('http://terminology.hl7.org/CodeSystem/condition-clinical',
            CASE WHEN c.STOP IS NULL THEN 'active' ELSE 'resolved' END)                 AS "clinicalStatus",
       code('http://terminology.hl7.org/CodeSystem/condition-ver-status', 'confirmed')  AS "verificationStatus",
       code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                                                                        AS category,
       code('http://snomed.info/sct', c.CODE, c.DESCRIPTION)                            AS code,
       ref('Patient', c.PATIENT)                                                        AS subject,
       ref('Encounter', c.ENCOUNTER)                                                    AS encounter,
       instant(c.START)                                                                 AS "onset.dateTime",
       instant(c.STOP)                                                                  AS "abatement.dateTime",
       instant(c.START)                                                                 AS "recordedDate"
FROM condition_row c
