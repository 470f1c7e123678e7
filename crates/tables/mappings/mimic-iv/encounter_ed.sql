-- @target Encounter as encounter_ed @key e.stay_id @each edstays e @patient e.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:ed-stay', e.stay_id)                  AS identifier,
       'finished'                                                                     AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'EMER', 'emergency')  AS class,
       ref('patient', e.subject_id)                                                   AS subject,
       ref('encounter', e.hadm_id)                                                    AS "partOf",
       period(e.intime, e.outtime)                                                    AS period,
       text(t.chiefcomplaint)                                                         AS "reasonCode.text",
       text(e.arrival_transport)                                                      AS "hospitalization.admitSource.text",
       text(e.disposition)                                                            AS "hospitalization.dischargeDisposition.text",
       ref('organization', '1')                                                       AS "serviceProvider"
FROM edstays e
LEFT JOIN triage t ON t.stay_id = e.stay_id
