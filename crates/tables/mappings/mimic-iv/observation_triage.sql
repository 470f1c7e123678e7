-- @target Observation as observation_triage @key v.stay_id, v.charttime, v.item @each triage @patient v.subject_id @required subject
SELECT 'final'                         AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')
                                       AS category,
       code('vital', v.item)           AS code,
       ref('patient', v.subject_id)    AS subject,
       ref('encounter_ed', v.stay_id)  AS encounter,
       instant(v.charttime)            AS "effective.dateTime",
       CASE v.item WHEN 'temperature' THEN quantity(v.value, unit('ucum', '[degF]'))
            WHEN 'heartrate' THEN quantity(v.value, unit('ucum', '/min'))
            WHEN 'resprate' THEN quantity(v.value, unit('ucum', '/min'))
            WHEN 'o2sat' THEN quantity(v.value, unit('ucum', '%')) END
                                       AS value
FROM triage_row v
