-- One row for each value of a row of vital signs.
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'temperature' AS item, v.temperature AS value, '[degF]' AS ucum FROM vitalsign v WHERE v.temperature IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'heartrate' AS item, v.heartrate AS value, '/min' AS ucum FROM vitalsign v WHERE v.heartrate IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'resprate' AS item, v.resprate AS value, '/min' AS ucum FROM vitalsign v WHERE v.resprate IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, v.charttime AS charttime, 'o2sat' AS item, v.o2sat AS value, '%' AS ucum FROM vitalsign v WHERE v.o2sat IS NOT NULL
