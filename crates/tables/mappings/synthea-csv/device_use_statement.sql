-- From when to when a device was used: Device has no place for it.
-- @target DeviceUseStatement @key d.PATIENT, d.ENCOUNTER, d.CODE, d.START, d.nth @patient d.PATIENT
SELECT CASE WHEN d.STOP IS NULL THEN 'active' ELSE 'completed' END   AS status,
       ref('Patient', d.PATIENT)                                     AS subject,
       period(d.START, d.STOP)                                       AS "timing.Period",
       ref('Device', d.PATIENT, d.ENCOUNTER, d.CODE, d.START, d.nth) AS device
FROM device_row d
