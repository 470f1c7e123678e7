-- @target Observation @key o.ID @patient o.PATIENT
SELECT 'final'                                                                                       AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', o.CATEGORY)                AS category,
       code('http://loinc.org', o.CODE, o.DESCRIPTION)                                               AS code,
       concat('Patient/', o.PATIENT)                                                                 AS "subject.reference",
       concat('Encounter/', o.ENCOUNTER)                                                             AS "encounter.reference",
       instant(o.DATE)                                                                               AS "effective.dateTime",
       CASE o.TYPE WHEN 'numeric' THEN quantity(o.VALUE, unit('ucum', o.UNITS)) END                  AS "value.Quantity",
       CASE o.TYPE WHEN 'text' THEN text(o.VALUE) END                                                AS "value.string"
FROM observations o
