-- @target Device @key o.device_exposure_id @each device_exposure @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:device', o.device_exposure_id)   AS identifier,
       o.unique_device_id                                                        AS "udiCarrier.carrierHRF",
       text(o.production_id)                                                     AS "lotNumber",
       o.standard_system                                                         AS "type.coding[0].system",
       o.standard_code                                                           AS "type.coding[0].code",
       o.standard_name                                                           AS "type.coding[0].display",
       o.source_system                                                           AS "type.coding[1].system",
       o.source_code                                                             AS "type.coding[1].code",
       o.source_name                                                             AS "type.coding[1].display",
       code('urn:medweave:code:omop-concept', nullif(o.device_concept_id, '0'))  AS "type.coding[2]",
       text(o.device_source_value)                                               AS "type.text",
       ref('Patient', o.person_id)                                               AS patient
FROM device_row o
