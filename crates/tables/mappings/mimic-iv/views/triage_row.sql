-- One row for each value of a triage, which has no time of its own: the arrival stands for it.
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'temperature' AS item, v.temperature AS value, '[degF]' AS ucum FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.temperature IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'heartrate' AS item, v.heartrate AS value, '/min' AS ucum FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.heartrate IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'resprate' AS item, v.resprate AS value, '/min' AS ucum FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.resprate IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'o2sat' AS item, v.o2sat AS value, '%' AS ucum FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.o2sat IS NOT NULL
