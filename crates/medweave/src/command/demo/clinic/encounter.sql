-- @target Encounter @key v.visit @patient v.pid @required subject
SELECT CASE WHEN v.left IS NULL THEN 'in-progress' ELSE 'finished' END AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode',
            CASE v.kind WHEN 'emergency' THEN 'EMER' ELSE 'AMB' END)   AS class,
       ref('Patient', v.pid)                                           AS subject,
       period(v.arrived, v.left)                                       AS period
FROM visits v
