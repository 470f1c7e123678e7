-- @target Patient @key p.subject_id @each patients p @patient p.subject_id
SELECT identifier('urn:medweave:source:{source}:patient', p.subject_id, 'usual', 'MR')    AS identifier,
       code('sex', p.gender)                                                              AS gender,
       date(p.dob)                                                                        AS "birthDate",
       date(p.dod)                                                                        AS "deceased.dateTime",
       code('marital', a.marital_status)                                                  AS "maritalStatus",
       code('language', a.language)                                                       AS "communication.language",
       code('race', CASE WHEN a.ethnicity LIKE 'WHITE%' THEN 'WHITE'
                         WHEN a.ethnicity LIKE 'BLACK%' THEN 'BLACK'
                         WHEN a.ethnicity LIKE 'ASIAN%' THEN 'ASIAN'
                         WHEN a.ethnicity LIKE 'HISPANIC%' THEN 'HISPANIC'
                         WHEN a.ethnicity LIKE 'AMERICAN INDIAN%' THEN 'AMERICAN INDIAN'
                         ELSE a.ethnicity END, a.ethnicity)
           AS "extension('urn:medweave:extension:patient-race').valueCodeableConcept",
       text(a.religion)
           AS "extension('http://hl7.org/fhir/StructureDefinition/patient-religion').valueCodeableConcept.text"
FROM patients p
LEFT JOIN latest_admission a ON a.subject_id = p.subject_id
