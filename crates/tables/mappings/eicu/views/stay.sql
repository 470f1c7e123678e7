-- A unit stay, with the instant its hospital stay is taken to begin (anchor) and how many minutes later the unit stay began
-- (admitted). The set gives a year and times of day only, so that every hospital stay begins on 1 January.
SELECT p.*,
       p.hospitaldischargeyear || '-01-01T' || p.hospitaladmittime24       AS anchor,
       CAST(0 - try_cast(p.hospitaladmitoffset AS bigint) AS varchar)      AS admitted,
       row_number() OVER (PARTITION BY p.patienthealthsystemstayid
                          ORDER BY try_cast(p.hospitaladmitoffset AS bigint) DESC, p.patientunitstayid) AS nth_of_hospital_stay,
       row_number() OVER (PARTITION BY p.uniquepid
                          ORDER BY p.hospitaldischargeyear, p.patienthealthsystemstayid,
                                   try_cast(p.hospitaladmitoffset AS bigint) DESC, p.patientunitstayid) AS nth_of_patient,
       max(CASE WHEN p.hospitaldischargestatus = 'Expired' THEN 1 ELSE 0 END) OVER (PARTITION BY p.uniquepid) AS died
FROM patient p
