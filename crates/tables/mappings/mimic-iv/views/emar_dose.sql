-- The detail row that says what was given: the first with a dose, else the first.
SELECT d.emar_id, d.dose_given, d.dose_given_unit, d.infusion_rate, d.infusion_rate_unit, d.route, d.site
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.emar_id
                                     ORDER BY CASE WHEN e.dose_given IS NULL THEN 1 ELSE 0 END, e.parent_field_ordinal) AS nth
      FROM emar_detail e) AS d
WHERE d.nth = 1
