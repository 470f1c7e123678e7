-- Rows that agree in stay, item and time are numbered.
SELECT c.*, row_number() OVER (PARTITION BY c.subject_id, c.stay_id, c.itemid, c.charttime ORDER BY c.value, c.storetime) AS nth
FROM datetimeevents c
