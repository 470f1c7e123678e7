-- @target Condition @key d.住院号, d.诊断序号 @each 诊断 d @patient z.病人ID @required subject, encounter
SELECT code('http://terminology.hl7.org/CodeSystem/condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')
                                                                       AS "category[0]",
       code('diagnosis-kind', d.诊断类型)                              AS "category[1]",
       code('urn:medweave:code:icd-10-cn-clinical', d.诊断编码, d.诊断名称) AS code,
       ref('Patient', z.病人ID)                                        AS subject,
       ref('Encounter', d.住院号)                                      AS encounter
FROM 诊断 d
LEFT JOIN 住院记录 z ON z.住院号 = d.住院号
