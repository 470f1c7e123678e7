-- @target Organization as Payer @key p.Id
SELECT identifier('https://github.com/synthetichealth/synthea', p.Id)                  AS identifier,
       true                                                                            AS active,
       code('http://terminology.hl7.org/CodeSystem/organization-type', 'pay', 'Payer') AS type,
       p.NAME                                                                          AS name,
       CASE WHEN p.PHONE IS NOT NULL THEN 'phone' END                                  AS "telecom.system",
       p.PHONE                                                                         AS "telecom.value",
       address(p.ADDRESS, p.CITY, NULL, p.STATE_HEADQUARTERED, p.ZIP)                  AS address
FROM payers p
