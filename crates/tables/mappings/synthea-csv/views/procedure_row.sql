-- Rows that agree in the rest of the key are numbered. Files until 2020 have a DATE in place of START and STOP.
SELECT p.*, coalesce(p.START, p.DATE) AS began,
       row_number() OVER (PARTITION BY p.PATIENT, p.ENCOUNTER, p.CODE, p.START, p.DATE ORDER BY p.STOP, p.REASONCODE) AS nth
FROM procedures p
