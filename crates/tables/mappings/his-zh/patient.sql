-- @target Patient @key p.病人ID @patient p.病人ID @match identifier
SELECT identifier('urn:medweave:source:{source}:patient', p.病人ID, 'usual', 'MR')        AS "identifier[0]",
       identifier('urn:oid:2.16.156.10011.1.3', p.身份证号, 'official', 'NNCHN')          AS "identifier[1]",
       name(p.姓名)                                                                       AS name,
       code('sex', p.性别)                                                                AS gender,
       code('sex-gbt2261-1', p.性别)
           AS "extension('urn:medweave:extension:patient-administrative-sex').valueCodeableConcept",
       date(p.出生日期)                                                                   AS "birthDate",
       code('ethnic-gbt3304', p.民族)
           AS "extension('urn:medweave:extension:patient-ethnicity').valueCodeableConcept",
       code('marital-gbt2261-2', p.婚姻状况)                                              AS "maritalStatus",
       CASE WHEN p.联系电话 IS NOT NULL THEN 'phone' END                                  AS "telecom.system",
       p.联系电话                                                                         AS "telecom.value",
       text(p.现住址)                                                                     AS "address.text"
FROM 病人基本信息 p
