-- One row for each of the other values.
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'pain' AS item, v.pain AS value FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.pain IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'acuity' AS item, v.acuity AS value FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.acuity IS NOT NULL
UNION ALL
SELECT v.subject_id, v.stay_id, e.intime AS charttime, 'chiefcomplaint' AS item, v.chiefcomplaint AS value FROM triage v JOIN edstays e ON e.stay_id = v.stay_id WHERE v.chiefcomplaint IS NOT NULL
