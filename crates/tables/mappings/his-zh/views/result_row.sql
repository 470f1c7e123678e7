-- A result that only says where to look for it is none.
SELECT r.*,
       trim(r.结果) IN ('见备注', '见报告', '见报告单', '见附注') AS elsewhere
FROM 检验结果 r
