-- @target Practitioner as Provider @key p.provider_id
SELECT identifier('urn:medweave:source:{source}:provider', p.provider_id)      AS "identifier[0]",
       identifier('http://hl7.org/fhir/sid/us-npi', p.npi, 'official', 'NPI')  AS "identifier[1]",
       name(p.provider_name)                                                   AS name,
       code('gender', nullif(p.gender_concept_id, '0'))                        AS gender,
       text(p.specialty_source_value)                                          AS "qualification.code.text"
FROM provider p
