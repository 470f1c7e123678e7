-- The death itself is in Patient; its cause has no place there.
-- @target Observation as CauseOfDeath @key d.person_id @each death d @patient d.person_id @required subject
SELECT 'final'                                                                  AS status,
       code('http://loinc.org', '69453-9')                                      AS code,
       ref('Patient', d.person_id)                                              AS subject,
       CASE WHEN d.death_datetime IS NULL OR d.death_datetime LIKE '%00:00:00%' THEN instant(d.death_date) ELSE instant(d.death_datetime) END
                                                                                AS "effective.dateTime",
       c.system                                                                 AS "value.CodeableConcept.coding[0].system",
       c.concept_code                                                           AS "value.CodeableConcept.coding[0].code",
       c.concept_name                                                           AS "value.CodeableConcept.coding[0].display",
       code('urn:medweave:code:omop-concept', nullif(d.cause_concept_id, '0'))  AS "value.CodeableConcept.coding[1]",
       text(d.cause_source_value)                                               AS "value.CodeableConcept.text"
FROM death d
LEFT JOIN coding c ON c.concept_id = d.cause_concept_id
WHERE d.cause_source_value IS NOT NULL OR coalesce(d.cause_concept_id, '0') <> '0'
