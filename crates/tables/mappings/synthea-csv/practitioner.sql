-- @target Practitioner @key p.Id @match identifier
SELECT identifier('https://github.com/synthetichealth/synthea', p.Id)   AS identifier,
       true                                                             AS active,
       p.NAME                                                           AS "name.text",
       regexp_replace(p.NAME, '^.* ', '')                               AS "name.family",
       CASE WHEN p.NAME LIKE '% %' THEN regexp_replace(p.NAME, ' [^ ]*$', '') END AS "name.given",
       code('sex', p.GENDER)                                            AS gender,
       address(p.ADDRESS, p.CITY, NULL, p.STATE, p.ZIP, 'US')           AS address
FROM providers p
