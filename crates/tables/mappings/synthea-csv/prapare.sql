-- The answers to the PRAPARE questions of one visit and instant are one Observation; a question with several answers has
-- several components.
-- @target Observation as Prapare @key o.PATIENT, o.ENCOUNTER, o.DATE @group by o.PATIENT, o.ENCOUNTER, o.DATE
-- @patient o.PATIENT
SELECT 'final'                                                                          AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'survey')     AS category,
       code('http://loinc.org', '93025-5', 'Protocol for Responding to and Assessing Patients'' Assets, Risks, and Experiences [PRAPARE]')
                                                                                        AS code,
       ref('Patient', o.PATIENT)                                                        AS subject,
       ref('Encounter', o.ENCOUNTER)                                                    AS encounter,
       instant(o.DATE)                                                                  AS "effective.dateTime",
       code('http://loinc.org', o.CODE, o.DESCRIPTION)                                  AS "component[].code",
       CASE o.kind WHEN 'quantity' THEN quantity(o.VALUE, unit('ucum', o.ucum)) END     AS "component[].value.Quantity",
       CASE o.kind WHEN 'concept' THEN text(o.VALUE) END                                AS "component[].value.CodeableConcept.text",
       CASE o.kind WHEN 'string' THEN text(o.VALUE) END                                 AS "component[].value.string"
FROM observation_row o
WHERE o.panel = '93025-5'
