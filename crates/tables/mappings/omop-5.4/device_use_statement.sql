-- @target DeviceUseStatement @key o.device_exposure_id @each device_exposure @patient o.person_id
SELECT identifier('urn:medweave:source:{source}:device-use', o.device_exposure_id)  AS identifier,
       'completed'                                                                  AS status,
       ref('Patient', o.person_id)                                                  AS subject,
       period(o.started, o.ended)                                                   AS "timing.Period",
       ref('Provider', o.provider_id)                                               AS source,
       coalesce(ref('VisitDetail', o.detail_id), ref('Visit', o.visit_occurrence_id))
                                                                                    AS "extension('urn:medweave:extension:encounter').valueReference",
       ref('Device', o.device_exposure_id)                                          AS device
FROM device_row o
