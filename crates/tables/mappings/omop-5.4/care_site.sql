-- @target Organization as CareSite @key s.care_site_id @each care_site s
SELECT identifier('urn:medweave:source:{source}:care-site', s.care_site_id)            AS identifier,
       text(s.care_site_name)                                                          AS name,
       text(s.place_of_service_source_value)                                           AS "type.text",
       address(l.address_1, l.city, l.county, l.state, l.zip, l.country_source_value)  AS address
FROM care_site s
LEFT JOIN location l ON l.location_id = s.location_id
