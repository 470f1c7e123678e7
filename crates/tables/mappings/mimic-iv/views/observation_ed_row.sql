-- One row for each of the other values.
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'rhythm' AS item, v.rhythm AS value FROM vitalsign v WHERE v.rhythm IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'pain' AS item, v.pain AS value FROM vitalsign v WHERE v.pain IS NOT NULL
