SELECT o._row AS care_site_id, substr(o.name, 1, 255) AS care_site_name, CAST(NULL AS BIGINT) AS place_of_service_concept_id,
       CASE WHEN coalesce(o.address_line, o.city, o.state, o.postal_code, o.country) IS NOT NULL THEN o._row END AS location_id,
       substr(o._id, 1, 50) AS care_site_source_value, substr(coalesce(o.type_display, o.type_code), 1, 50) AS place_of_service_source_value
FROM organization o
