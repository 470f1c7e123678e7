-- A result that only says where to look for it is none. In the column of results a dash and 无 may be findings; beside it they say nothing.
SELECT r.*,
       trim(r.结果) IN ('见备注', '见报告', '见报告单', '见附注') AS elsewhere,
       CASE WHEN NOT coalesce(regexp_like(trim(r.结果), '^([/／]|不详|未填写|[-—][-—]+)$'), false) THEN r.结果 END AS finding,
       CASE WHEN NOT coalesce(regexp_like(trim(r.单位), '^([-－—]+|[/／]|无|不详)$'), false) THEN r.单位 END AS unit_text,
       CASE WHEN NOT coalesce(regexp_like(trim(r.参考范围), '^([-－—]+|[/／]|无|不详)$'), false) THEN r.参考范围 END AS normal,
       CASE WHEN NOT coalesce(regexp_like(trim(r.异常标志), '^([-－—]+|[/／]|无|不详)$'), false) THEN r.异常标志 END AS mark,
       z.病人ID AS stay_of
FROM 检验结果 r
LEFT JOIN 住院记录 z ON z.住院号 = r.住院号
