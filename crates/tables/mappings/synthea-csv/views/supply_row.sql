-- Rows that agree in the rest of the key are numbered.
SELECT s.*,
       row_number() OVER (PARTITION BY s.PATIENT, s.ENCOUNTER, s.CODE, s.DATE ORDER BY s.QUANTITY) AS nth
FROM supplies s
