-- Where an organization is: one place each, as Synthea has it.
-- @target Location @key o.Id
SELECT 'active'                                                AS status,
       o.NAME                                                  AS name,
       CASE WHEN o.PHONE IS NOT NULL THEN 'phone' END          AS "telecom.system",
       o.PHONE                                                 AS "telecom.value",
       address(o.ADDRESS, o.CITY, NULL, o.STATE, o.ZIP, 'US')  AS address,
       number(o.LON)                                           AS "position.longitude",
       number(o.LAT)                                           AS "position.latitude",
       ref('Organization', o.Id)                               AS "managingOrganization"
FROM organizations o
