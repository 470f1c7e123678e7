-- A result that only says where to look for it is none. In the column of results a dash and 无 may be findings; beside it they say nothing.
SELECT r.*,
       trim(r.结果) IN ('见备注', '见报告', '见报告单', '见附注') AS elsewhere,
       CASE WHEN trim(r.结果) IN ('/', '／', '不详', '未填写', '--', '——') THEN NULL ELSE r.结果 END AS finding,
       CASE WHEN trim(r.单位) IN ('-', '－', '--', '—', '——', '/', '／', '无', '不详') THEN NULL ELSE r.单位 END AS unit_text,
       CASE WHEN trim(r.参考范围) IN ('-', '－', '--', '—', '——', '/', '／', '无', '不详') THEN NULL ELSE r.参考范围 END AS normal,
       CASE WHEN trim(r.异常标志) IN ('-', '－', '--', '—', '——', '/', '／', '无', '不详') THEN NULL ELSE r.异常标志 END AS mark,
       z.病人ID AS stay_of
FROM 检验结果 r
LEFT JOIN 住院记录 z ON z.住院号 = r.住院号
