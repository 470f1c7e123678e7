-- @target Device @key d.PATIENT, d.ENCOUNTER, d.CODE, d.START, d.nth @patient d.PATIENT
SELECT d.device_identifier                                    AS "udiCarrier.deviceIdentifier",
       d.UDI                                                  AS "udiCarrier.carrierHRF",
       CASE WHEN d.STOP IS NULL THEN 'active' ELSE 'inactive' END AS status,
       d.lot                                                  AS "lotNumber",
       d.serial                                               AS "serialNumber",
       d.DESCRIPTION                                          AS "deviceName.name",
       'user-friendly-name'                                   AS "deviceName.type",
       code('http://snomed.info/sct', d.CODE, d.DESCRIPTION)  AS type,
       ref('Patient', d.PATIENT)                              AS patient
FROM device_row d
