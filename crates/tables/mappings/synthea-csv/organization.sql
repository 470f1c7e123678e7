-- @target Organization @key o.Id @match identifier
SELECT identifier('https://github.com/synthetichealth/synthea', o.Id)                AS identifier,
       true                                                                          AS active,
       code('http://terminology.hl7.org/CodeSystem/organization-type', 'prov', 'Healthcare Provider') AS type,
       o.NAME                                                                        AS name,
       CASE WHEN o.PHONE IS NOT NULL THEN 'phone' END                                AS "telecom.system",
       o.PHONE                                                                       AS "telecom.value",
       address(o.ADDRESS, o.CITY, NULL, o.STATE, o.ZIP, 'US')                        AS address
FROM organizations o
