-- A drug can be ordered twice in one visit at one instant. Such rows are numbered.
SELECT m.*,
       row_number() OVER (PARTITION BY m.PATIENT, m.ENCOUNTER, m.CODE, m.START ORDER BY m.STOP, m.DISPENSES, m.TOTALCOST) AS nth
FROM medications m
