-- The detail row that stands for the whole administration: the one without a parent.
SELECT d.emar_id, d.dose_given, d.dose_given_unit, d.dose_due, d.dose_due_unit, d.infusion_rate, d.infusion_rate_unit, d.route, d.site
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.emar_id ORDER BY e.emar_seq) AS nth FROM emar_detail e WHERE e.parent_field_ordinal IS NULL) AS d
WHERE d.nth = 1
