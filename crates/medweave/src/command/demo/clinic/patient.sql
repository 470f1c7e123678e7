-- @target Patient @key p.pid @patient p.pid
SELECT identifier('urn:medweave:source:{source}:patient', p.pid) AS identifier,
       name(p.surname, p.forename)                               AS name,
       code('sex', p.sex)                                        AS gender,
       date(p.born)                                              AS "birthDate",
       'phone'                                                   AS "telecom.system",
       p.phone                                                   AS "telecom.value"
FROM people p
