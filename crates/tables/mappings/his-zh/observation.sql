-- @target Observation @key r.条码号 @patient r.病人ID @required subject, encounter
SELECT identifier('urn:medweave:source:{source}:result', r.条码号)                       AS identifier,
       'final'                                                                           AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory', 'Laboratory') AS category,
       code('lab', r.项目代码, r.项目名称)                                               AS code,
       ref('Patient', r.病人ID)                                                          AS subject,
       ref('Encounter', r.住院号)                                                        AS encounter,
       instant(r.报告时间)                                                               AS "effective.dateTime",
       instant(r.报告时间)                                                               AS issued,
       CASE WHEN NOT r.elsewhere THEN coalesce(quantity(r.结果, unit('lab', r.单位)), text(r.结果)) END AS value,
       CASE WHEN r.elsewhere
            THEN code('http://terminology.hl7.org/CodeSystem/data-absent-reason', 'as-text', 'As Text') END
                                                                                         AS "dataAbsentReason",
       CASE WHEN r.elsewhere THEN text(r.结果) END                                 AS "note.text",
       code('flag', r.异常标志)                                                          AS interpretation,
       CASE WHEN r.参考范围 LIKE '%-%' THEN quantity(split_part(r.参考范围, '-', 1), unit('lab', r.单位)) END
                                                                                         AS "referenceRange.low",
       CASE WHEN r.参考范围 LIKE '%-%' THEN quantity(split_part(r.参考范围, '-', 2), unit('lab', r.单位)) END
                                                                                         AS "referenceRange.high",
       r.参考范围                                                                        AS "referenceRange.text"
FROM result_row r
