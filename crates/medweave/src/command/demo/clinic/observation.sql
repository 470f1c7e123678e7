-- @target Observation @key r.result @each results r @patient v.pid @required encounter
SELECT 'final'                                                         AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory') AS category,
       code('test', r.test)                                            AS code,
       ref('Patient', v.pid)                                           AS subject,
       ref('Encounter', r.visit)                                       AS encounter,
       instant(r.at)                                                   AS "effective.dateTime",
       coalesce(quantity(r.value, unit('lab', r.unit)), text(r.value)) AS value
FROM results r
LEFT JOIN visits v ON v.visit = r.visit
