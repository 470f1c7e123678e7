-- @target Observation as observation_blood_pressure @key v.stay_id, v.charttime @each vitalsign v @patient v.subject_id @required subject
SELECT 'final'                                  AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')
                                                AS category,
       code('http://loinc.org', '85354-9', 'Blood pressure panel with all children optional')
                                                AS code,
       ref('patient', v.subject_id)             AS subject,
       ref('encounter_ed', v.stay_id)           AS encounter,
       instant(v.charttime)                     AS "effective.dateTime",
       CASE WHEN v.sbp IS NOT NULL THEN code('http://loinc.org', '8480-6', 'Systolic blood pressure') END
                                                AS "component[0].code",
       quantity(v.sbp, unit('ucum', 'mm[Hg]'))  AS "component[0].value",
       CASE WHEN v.dbp IS NOT NULL THEN code('http://loinc.org', '8462-4', 'Diastolic blood pressure') END
                                                AS "component[1].code",
       quantity(v.dbp, unit('ucum', 'mm[Hg]'))  AS "component[1].value"
FROM vitalsign v
WHERE v.sbp IS NOT NULL OR v.dbp IS NOT NULL
