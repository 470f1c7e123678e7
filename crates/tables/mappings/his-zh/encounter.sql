-- A stay of an unknown patient is refused; what hangs on it is refused with it.
-- @target Encounter @key z.住院号 @each 住院记录 @patient z.病人ID @required subject
SELECT identifier('urn:medweave:source:{source}:stay', z.住院号, 'usual', 'VN')          AS identifier,
       CASE WHEN z.离开时间 IS NULL THEN 'in-progress' ELSE 'finished' END               AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP', 'inpatient encounter') AS class,
       ref('Patient', z.病人ID)                                                          AS subject,
       CASE WHEN z.主管医生 IS NOT NULL
            THEN code('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'ATND', 'attender') END
                                                                                         AS "participant.type",
       z.主管医生                                                                        AS "participant.individual.display",
       period(z.入院时间, z.离开时间)                                                    AS period,
       z.科室                                                                            AS "serviceType.text"
FROM stay_row z
