-- @target Observation as observation_ed_triage @key v.stay_id, v.charttime, v.item @each triage @patient v.subject_id @required subject
SELECT 'final'                                                                       AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'survey')  AS category,
       code('vital', v.item)                                                         AS code,
       ref('patient', v.subject_id)                                                  AS subject,
       ref('encounter_ed', v.stay_id)                                                AS encounter,
       instant(v.charttime)                                                          AS "effective.dateTime",
       coalesce(quantity(v.value, NULL), text(v.value))                              AS value
FROM observation_ed_triage_row v
