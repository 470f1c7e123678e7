-- @target Encounter as encounter @key a.hadm_id @patient a.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:admission', a.hadm_id, 'usual', 'VN')  AS identifier,
       'finished'                                                                      AS status,
       code('admission-class', a.admission_type)                                       AS class,
       code('priority', a.admission_type)                                              AS priority,
       text(a.admission_type)                                                          AS "type.text",
       ref('patient', a.subject_id)                                                    AS subject,
       period(a.admittime, a.dischtime)                                                AS period,
       CASE WHEN a.edregtime IS NOT NULL THEN code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'EMER', 'emergency') END
                                                                                       AS "classHistory.class",
       period(a.edregtime, a.edouttime)                                                AS "classHistory.period",
       text(a.admission_location)                                                      AS "hospitalization.admitSource.text",
       CASE WHEN a.hospital_expire_flag = '1' THEN code('http://terminology.hl7.org/CodeSystem/discharge-disposition', 'exp', coalesce(a.discharge_location, 'Expired'))
            ELSE text(a.discharge_location) END
                                                                                       AS "hospitalization.dischargeDisposition",
       ref('organization', '1')                                                        AS "serviceProvider"
FROM admissions a
