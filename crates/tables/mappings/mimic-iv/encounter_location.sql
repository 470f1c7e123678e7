-- @target Encounter as encounter @element location @key t.hadm_id @each transfers t @order t.intime
SELECT ref('location', t.careunit)      AS location,
       'completed'                      AS status,
       period(t.intime, t.outtime)      AS period
FROM transfers t
WHERE t.careunit IS NOT NULL AND t.hadm_id IS NOT NULL
