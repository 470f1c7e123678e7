-- @target Encounter as HospitalStay @key s.patienthealthsystemstayid @patient s.uniquepid @required subject
SELECT identifier('urn:medweave:source:{source}:hospital-stay', s.patienthealthsystemstayid)   AS identifier,
       'finished'                                                                              AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IMP', 'inpatient encounter')  AS class,
       ref('Patient', s.uniquepid)                                                             AS subject,
       period(at_offset('0', s.anchor),
              at_offset(s.hospitaldischargeoffset, at_offset(s.admitted, s.anchor)))           AS period,
       text(s.hospitaladmitsource)                                                             AS "hospitalization.admitSource.text",
       text(s.hospitaldischargelocation)                                                       AS "hospitalization.dischargeDisposition.text",
       ref('Organization', s.hospitalid)                                                       AS "serviceProvider"
FROM stay s
WHERE s.nth_of_hospital_stay = 1
