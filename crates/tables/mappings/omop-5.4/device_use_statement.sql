-- @target DeviceUseStatement @key o.device_exposure_id @each device_exposure @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:device-use', o.device_exposure_id)  AS identifier,
       'completed'                                                                  AS status,
       ref('Patient', o.person_id)                                                  AS subject,
       period(o.started, o.ended)                                                   AS "timing.Period",
       ref('Device', o.device_exposure_id)                                          AS device
FROM device_row o
