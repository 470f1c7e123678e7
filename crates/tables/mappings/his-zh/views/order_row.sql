-- A dose taken apart: the number before its unit, and the unit. Full-width digits are plain ones. `2-3片`, `1/2片` and `5%500ml` are no
-- number with a unit.
SELECT y.*,
       regexp_replace(y.plain, '^([<>≤≥=]*\s*[0-9.,]+)\s*([^0-9/~～—+*×(%-][^0-9]*)?$', '\1') AS amount,
       CASE WHEN regexp_like(y.plain, '^([<>≤≥=]*\s*[0-9.,]+)\s*([^0-9/~～—+*×(%-][^0-9]*)$')
            THEN regexp_replace(y.plain, '^([<>≤≥=]*\s*[0-9.,]+)\s*([^0-9/~～—+*×(%-][^0-9]*)$', '\2') END AS amount_unit
FROM (SELECT o.*, trim(translate(o.剂量, '０１２３４５６７８９．，＜＞', '0123456789.,<>')) AS plain FROM 医嘱 o) AS y
