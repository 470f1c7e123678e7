-- A row is an instance; rows of one Id are one study.
-- @target ImagingStudy @key i.Id @group by i.Id @patient i.PATIENT
SELECT identifier('https://github.com/synthetichealth/synthea', i.Id)                     AS identifier,
       'available'                                                                        AS status,
       ref('Patient', i.PATIENT)                                                          AS subject,
       ref('Encounter', i.ENCOUNTER)                                                      AS encounter,
       instant(i.DATE)                                                                    AS started,
       code('http://snomed.info/sct', i.PROCEDURE_CODE)                                   AS "procedureCode",
       i.SERIES_UID                                                                       AS "series[].uid",
       code('http://dicom.nema.org/resources/ontology/DCM', i.MODALITY_CODE, i.MODALITY_DESCRIPTION)
                                                                                          AS "series[].modality",
       code('http://snomed.info/sct', i.BODYSITE_CODE, i.BODYSITE_DESCRIPTION)            AS "series[].bodySite",
       i.INSTANCE_UID                                                                     AS "series[].instance.uid",
       'urn:ietf:rfc:3986'                                                                AS "series[].instance.sopClass.system",
       'urn:oid:' || i.SOP_CODE                                                           AS "series[].instance.sopClass.code",
       i.SOP_DESCRIPTION                                                                  AS "series[].instance.title"
FROM imaging_studies i
