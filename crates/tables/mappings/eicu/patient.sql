-- The first stay of a patient speaks for the patient.
-- @target Patient @key s.uniquepid @patient s.uniquepid
SELECT identifier('urn:medweave:source:{source}:patient', s.uniquepid, 'usual', 'MR')  AS identifier,
       code('sex', s.gender)                                                           AS gender,
       code('race', s.ethnicity)
           AS "extension('urn:medweave:extension:patient-race').valueCodeableConcept",
       CASE WHEN s.died = 1 THEN true END                                              AS "deceased.boolean"
FROM stay s
WHERE s.nth_of_patient = 1
