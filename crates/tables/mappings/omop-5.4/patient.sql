-- @target Patient @key p.person_id @each person p @patient p.person_id
SELECT identifier('urn:medweave:source:{source}:person', p.person_id, 'usual', 'MR')   AS "identifier[0]",
       identifier('urn:medweave:source:{source}:person-source-value', p.person_source_value)
                                                                                       AS "identifier[1]",
       code('gender', p.gender_concept_id)                                             AS gender,
       date(CASE WHEN p.month_of_birth IS NULL THEN p.year_of_birth
                 WHEN p.day_of_birth IS NULL THEN p.year_of_birth || '-' || lpad(p.month_of_birth, 2, '0')
                 ELSE p.year_of_birth || '-' || lpad(p.month_of_birth, 2, '0') || '-' || lpad(p.day_of_birth, 2, '0') END)
                                                                                       AS "birthDate",
       CASE WHEN d.death_datetime IS NULL OR d.death_datetime LIKE '%00:00:00%' THEN instant(d.death_date) ELSE instant(d.death_datetime) END
                                                                                       AS "deceased.dateTime",
       code('race', nullif(p.race_concept_id, '0'))                                    AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-race').extension('ombCategory').valueCoding",
       coalesce(text(p.race_source_value), text(nullif(p.race_concept_id, '0')))       AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-race').extension('text').valueString",
       code('ethnicity', nullif(p.ethnicity_concept_id, '0'))                          AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity').extension('ombCategory').valueCoding",
       coalesce(text(p.ethnicity_source_value), text(nullif(p.ethnicity_concept_id, '0')))
                                                                                       AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity').extension('text').valueString",
       address(l.address_1, l.city, l.county, l.state, l.zip, l.country_source_value)  AS address,
       ref('Provider', p.provider_id)                                                  AS "generalPractitioner",
       ref('CareSite', p.care_site_id)                                                 AS "managingOrganization"
FROM person p
LEFT JOIN death d ON d.person_id = p.person_id
LEFT JOIN location l ON l.location_id = p.location_id
