-- @target Organization @key h.hospitalid
SELECT identifier('urn:medweave:source:{source}:hospital', h.hospitalid)                             AS identifier,
       code('http://terminology.hl7.org/CodeSystem/organization-type', 'prov', 'Healthcare Provider') AS type,
       'Hospital ' || h.hospitalid                                                                   AS name,
       text(h.region)                                                                                AS "address.text"
FROM hospital h
