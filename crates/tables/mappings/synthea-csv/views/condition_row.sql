-- The files give conditions no id. Rows that agree in the rest of the key are numbered.
SELECT c.*,
       row_number() OVER (PARTITION BY c.PATIENT, c.ENCOUNTER, c.CODE, c.START ORDER BY c.STOP) AS nth
FROM conditions c
