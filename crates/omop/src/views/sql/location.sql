SELECT p._row AS location_id, CAST(NULL AS VARCHAR) AS address_1, CAST(NULL AS VARCHAR) AS address_2, substr(p.city, 1, 50) AS city,
       CASE WHEN length(p.state) <= 2 THEN p.state END AS state, substr(p.postal_code, 1, 3) AS zip, substr(p.district, 1, 20) AS county,
       CASE WHEN length(p.state) > 2 THEN substr(p.state, 1, 50) END AS location_source_value, CAST(NULL AS BIGINT) AS country_concept_id, substr(p.country, 1, 80) AS country_source_value,
       CAST(NULL AS DOUBLE) AS latitude, CAST(NULL AS DOUBLE) AS longitude
FROM (SELECT person_id FROM omop.__person WHERE reason IS NULL AND location_id IS NOT NULL) i JOIN patient p ON i.person_id = p._row
UNION ALL
SELECT o._row, substr(o.address_line, 1, 50), NULL, substr(o.city, 1, 50), CASE WHEN length(o.state) <= 2 THEN o.state END, substr(o.postal_code, 1, 9), NULL,
       substr(o._id, 1, 50), NULL, substr(o.country, 1, 80), NULL, NULL
FROM organization o WHERE coalesce(o.address_line, o.city, o.state, o.postal_code, o.country) IS NOT NULL
UNION ALL
SELECT l._row, substr(l.address_line, 1, 50), NULL, substr(l.city, 1, 50), CASE WHEN length(l.state) <= 2 THEN l.state END, substr(l.postal_code, 1, 9), NULL,
       substr(l._id, 1, 50), NULL, substr(l.country, 1, 80), l.latitude, l.longitude
FROM location l
