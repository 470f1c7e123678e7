-- A row that belongs to no panel.
-- @target Observation @key o.PATIENT, o.ENCOUNTER, o.DATE, o.CODE, o.nth @patient o.PATIENT
SELECT 'final'                                                                          AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', o.CATEGORY)   AS category,
       code('http://loinc.org', o.CODE, o.DESCRIPTION)                                  AS code,
       ref('Patient', o.PATIENT)                                                        AS subject,
       ref('Encounter', o.ENCOUNTER)                                                    AS encounter,
       instant(o.DATE)                                                                  AS "effective.dateTime",
       CASE o.kind WHEN 'quantity' THEN quantity(o.VALUE, unit('ucum', o.ucum)) END     AS "value.Quantity",
       CASE o.kind WHEN 'concept' THEN text(o.VALUE) END                                AS "value.CodeableConcept.text",
       CASE o.kind WHEN 'string' THEN text(o.VALUE) END                                 AS "value.string"
FROM observation_row o
WHERE o.panel IS NULL
