-- @target Encounter @key a.hadm_id @patient a.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:admission', a.hadm_id, 'usual', 'VN')           AS identifier,
       'finished'                                                                               AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP', 'inpatient encounter')   AS class,
       CASE WHEN a.edregtime IS NOT NULL
            THEN code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'EMER', 'emergency') END AS "classHistory.class",
       period(a.edregtime, a.edouttime)                                                         AS "classHistory.period",
       code('priority', a.admission_type)                                                       AS priority,
       ref('Patient', a.subject_id)                                                             AS subject,
       period(a.admittime, a.dischtime)                                                         AS period,
       text(a.diagnosis)                                                                        AS "reasonCode.text",
       text(a.admission_location)                                                               AS "hospitalization.admitSource.text",
       CASE WHEN a.hospital_expire_flag = '1'
            THEN code('http://terminology.hl7.org/CodeSystem/discharge-disposition', 'exp', a.discharge_location)
            ELSE text(a.discharge_location) END                                                 AS "hospitalization.dischargeDisposition"
FROM admissions a
