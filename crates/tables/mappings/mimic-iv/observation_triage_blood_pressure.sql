-- @target Observation as observation_triage_blood_pressure @key v.stay_id, e.intime @each triage v @patient v.subject_id @required subject
SELECT 'final'                                  AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')
                                                AS category,
       code('http://loinc.org', '85354-9', 'Blood pressure panel with all children optional')
                                                AS code,
       ref('patient', v.subject_id)             AS subject,
       ref('encounter_ed', v.stay_id)           AS encounter,
       instant(e.intime)                        AS "effective.dateTime",
       CASE WHEN v.sbp IS NOT NULL THEN code('http://loinc.org', '8480-6', 'Systolic blood pressure') END
                                                AS "component[0].code",
       quantity(v.sbp, unit('ucum', 'mm[Hg]'))  AS "component[0].value",
       CASE WHEN v.dbp IS NOT NULL THEN code('http://loinc.org', '8462-4', 'Diastolic blood pressure') END
                                                AS "component[1].code",
       quantity(v.dbp, unit('ucum', 'mm[Hg]'))  AS "component[1].value"
FROM triage v
LEFT JOIN edstays e ON e.stay_id = v.stay_id
WHERE v.sbp IS NOT NULL OR v.dbp IS NOT NULL
