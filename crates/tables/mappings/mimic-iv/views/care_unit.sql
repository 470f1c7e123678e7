-- Each unit once, by the first transfer that names it.
SELECT careunit, transfer_id
FROM (SELECT t.*, row_number() OVER (PARTITION BY t.careunit ORDER BY t.transfer_id) AS nth FROM transfers t WHERE t.careunit IS NOT NULL) AS numbered
WHERE nth = 1
