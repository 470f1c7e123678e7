-- @target PractitionerRole @key p.Id
SELECT ref('Practitioner', p.Id)            AS practitioner,
       ref('Organization', p.ORGANIZATION)  AS organization,
       ref('Location', p.ORGANIZATION)      AS location,
       text(p.SPECIALITY)                   AS "specialty.text"
FROM providers p
