-- Rows that agree in stay, item and time are numbered.
SELECT c.*, row_number() OVER (PARTITION BY c.subject_id, c.stay_id, c.itemid, c.charttime ORDER BY c.value, c.valuenum, c.storetime) AS nth
FROM chartevents c
