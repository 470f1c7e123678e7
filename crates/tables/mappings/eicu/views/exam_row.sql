-- The path without what all have in common and, for a score, without its value; and the unit that the path implies.
SELECT x.*,
       regexp_replace(regexp_replace(x.physicalexampath, '^notes/Progress Notes/Physical Exam/', ''), '/[0-9]+$', '') AS path,
       CASE WHEN x.physicalexampath LIKE '%/HR/%' OR x.physicalexampath LIKE '%/Resp Rate/%' OR x.physicalexampath LIKE '%/Vent Rate/%'
            THEN '/min'
            WHEN x.physicalexampath LIKE '%/BP (systolic)/%' OR x.physicalexampath LIKE '%/BP (diastolic)/%' THEN 'mm[Hg]'
            WHEN x.physicalexampath LIKE '%/O2 Sat%' OR x.physicalexampath LIKE '%/FiO2%' THEN '%'
            WHEN x.physicalexampath LIKE '%/Weight (kg)/%' THEN 'kg'
            WHEN x.physicalexampath LIKE '% (ml)/%' THEN 'mL' END AS ucum
FROM physicalexam x
