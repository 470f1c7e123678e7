-- Each specimen once, by its first result.
SELECT l.specimen_id, l.subject_id, l.charttime, d.fluid
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.specimen_id ORDER BY e.labevent_id) AS nth FROM labevents e) AS l
LEFT JOIN d_labitems d ON d.itemid = l.itemid
WHERE l.nth = 1
