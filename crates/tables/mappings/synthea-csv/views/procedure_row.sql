-- Rows that agree in the rest of the key are numbered.
SELECT p.*,
       row_number() OVER (PARTITION BY p.PATIENT, p.ENCOUNTER, p.CODE, p.START ORDER BY p.STOP, p.REASONCODE) AS nth
FROM procedures p
