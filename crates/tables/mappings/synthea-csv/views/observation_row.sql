-- What a row of observations.csv is: alone or part of a panel, a quantity, a coded answer or free text.
SELECT o.*,
       CASE WHEN o.CODE IN ('8480-6', '8462-4') THEN '85354-9'
            WHEN o.CODE IN ('32624-9', '54899-0', '56051-6', '56799-0', '63512-8', '63586-2', '67875-5', '71802-3', '76437-3',
                            '76501-6', '82589-3', '93026-3', '93027-1', '93028-9', '93029-7', '93030-5', '93031-3', '93033-9',
                            '93034-7', '93035-4', '93038-8') THEN '93025-5' END AS panel,
       CASE WHEN o.TYPE = 'numeric' THEN 'quantity'
            WHEN o.UNITS <> '{nominal}' AND try_cast(o.VALUE AS double) IS NOT NULL THEN 'quantity'
            WHEN o.CODE IN ('56799-0', '630-4') THEN 'string'
            ELSE 'concept' END AS kind,
       CASE o.UNITS WHEN 'pH' THEN '[pH]' ELSE o.UNITS END AS ucum,
       row_number() OVER (PARTITION BY o.PATIENT, o.ENCOUNTER, o.DATE, o.CODE ORDER BY o.VALUE) AS nth
FROM observations o
WHERE o.CODE NOT IN ('QALY', 'DALY', 'QOLS')   -- years of life lost and such: no findings
