-- @target Patient @key p.Id @patient p.Id @match identifier
SELECT identifier('https://github.com/synthetichealth/synthea', p.Id)                          AS "identifier[0]",
       identifier('http://hospital.smarthealthit.org', p.Id, 'usual', 'MR')                    AS "identifier[1]",
       identifier('http://hl7.org/fhir/sid/us-ssn', p.SSN, 'official', 'SS')                   AS "identifier[2]",
       identifier('urn:oid:2.16.840.1.113883.4.3.25', p.DRIVERS, 'official', 'DL')             AS "identifier[3]",
       identifier('http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber', p.PASSPORT, 'official', 'PPN')
                                                                                               AS "identifier[4]",
       name(p.LAST, p.FIRST, p.MIDDLE)                                                         AS "name[0]",
       'official'                                                                              AS "name[0].use",
       p.PREFIX                                                                                AS "name[0].prefix",
       p.SUFFIX                                                                                AS "name[0].suffix",
       p.MAIDEN                                                                                AS "name[1].family",
       CASE WHEN p.MAIDEN IS NOT NULL THEN 'maiden' END                                        AS "name[1].use",
       code('sex', p.GENDER)                                                                   AS gender,
       date(p.BIRTHDATE)                                                                       AS "birthDate",
       instant(p.DEATHDATE)                                                                    AS "deceased.dateTime",
       address(p.ADDRESS, p.CITY, p.COUNTY, p.STATE, p.ZIP, 'US')                              AS address,
       p.LAT AS "address.extension('http://hl7.org/fhir/StructureDefinition/geolocation').extension('latitude').valueDecimal",
       p.LON AS "address.extension('http://hl7.org/fhir/StructureDefinition/geolocation').extension('longitude').valueDecimal",
       code('http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', p.MARITAL,
            CASE p.MARITAL WHEN 'M' THEN 'Married' WHEN 'S' THEN 'Never Married'
                           WHEN 'D' THEN 'Divorced' WHEN 'W' THEN 'Widowed' END)               AS "maritalStatus",
       code('race', p.RACE)
           AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-race').extension('ombCategory').valueCoding",
       p.RACE
           AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-race').extension('text').valueString",
       code('ethnicity', p.ETHNICITY)
           AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity').extension('ombCategory').valueCoding",
       p.ETHNICITY
           AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity').extension('text').valueString",
       p.GENDER
           AS "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex').valueCode",
       text(p.BIRTHPLACE)
           AS "extension('http://hl7.org/fhir/StructureDefinition/patient-birthPlace').valueAddress.text"
FROM patients p
