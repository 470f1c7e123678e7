-- A result of a stay of another patient is refused: nobody knows which of the two it is of.
-- @target Observation @key r.条码号 @each 检验结果 @patient r.病人ID @required subject, encounter
SELECT identifier('urn:medweave:source:{source}:result', r.条码号)                       AS identifier,
       'final'                                                                           AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory', 'Laboratory') AS category,
       code('lab', r.项目代码, r.项目名称)                                               AS code,
       CASE WHEN r.stay_of IS NULL OR trim(r.stay_of) = trim(r.病人ID) THEN ref('Patient', r.病人ID) END AS subject,
       ref('Encounter', r.住院号)                                                        AS encounter,
       instant(r.报告时间)                                                               AS "effective.dateTime",
       instant(r.报告时间)                                                               AS issued,
       CASE WHEN NOT r.elsewhere THEN coalesce(quantity(r.finding, unit('lab', r.unit_text)), text(r.finding)) END AS value,
       CASE WHEN r.elsewhere
            THEN code('http://terminology.hl7.org/CodeSystem/data-absent-reason', 'as-text', 'As Text') END
                                                                                         AS "dataAbsentReason",
       CASE WHEN r.elsewhere THEN text(r.结果) END                                 AS "note.text",
       code('flag', r.mark)                                                              AS interpretation,
       range(r.normal, unit('lab', r.unit_text))                                         AS "referenceRange",
       r.normal                                                                          AS "referenceRange.text"
FROM result_row r
