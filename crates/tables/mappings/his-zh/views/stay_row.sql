-- A day that stands for none (9999-12-31, 2099-12-31, 1900-01-01, 0001-01-01) is no end of a stay.
SELECT z.*,
       CASE WHEN NOT coalesce(regexp_like(trim(z.出院时间), '^(9999|2999|2099|1900|1899|1753|0001|0000)([-/.年]?(12|0?1|00)[-/.月]?(31|30|0?1|00))'), false)
            THEN z.出院时间 END AS 离开时间
FROM 住院记录 z
