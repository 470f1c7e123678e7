-- @target Encounter as UnitStay @key s.patientunitstayid @patient s.uniquepid @required subject
SELECT identifier('urn:medweave:source:{source}:unit-stay', s.patientunitstayid)               AS identifier,
       'finished'                                                                              AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP', 'inpatient encounter')  AS class,
       text(s.unittype)                                                                        AS "type[0].text",
       text(s.unitstaytype)                                                                    AS "type[1].text",
       ref('Patient', s.uniquepid)                                                             AS subject,
       ref('HospitalStay', s.patienthealthsystemstayid)                                        AS "partOf",
       period(at_offset(s.admitted, s.anchor),
              at_offset(s.unitdischargeoffset, at_offset(s.admitted, s.anchor)))               AS period,
       text(s.apacheadmissiondx)                                                               AS "reasonCode.text",
       text(s.unitadmitsource)                                                                 AS "hospitalization.admitSource.text",
       text(s.unitdischargelocation)                                                           AS "hospitalization.dischargeDisposition.text",
       'Ward ' || s.wardid                                                                     AS "location.location.display",
       ref('Organization', s.hospitalid)                                                       AS "serviceProvider"
FROM stay s
