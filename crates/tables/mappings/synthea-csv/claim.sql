-- @target Claim @key c.Id @each claims c @patient c.PATIENTID
SELECT identifier('https://github.com/synthetichealth/synthea', c.Id)                           AS identifier,
       'active'                                                                                 AS status,
       code('http://terminology.hl7.org/CodeSystem/claim-type',
            CASE WHEN r.CLAIMID IS NOT NULL THEN 'pharmacy'
                 WHEN e.ENCOUNTERCLASS IN ('inpatient', 'emergency', 'snf', 'hospice') THEN 'institutional'
                 ELSE 'professional' END)                                                       AS type,
       'claim'                                                                                  AS use,
       ref('Patient', c.PATIENTID)                                                              AS patient,
       instant(c.SERVICEDATE)                                                                   AS "billablePeriod.start",
       instant(coalesce(c.LASTBILLEDDATE1, c.SERVICEDATE))                                      AS created,
       ref('Organization', e.ORGANIZATION)                                                      AS provider,
       ref('Practitioner', c.PROVIDERID)                                                        AS "careTeam.provider",
       CASE WHEN c.PROVIDERID IS NOT NULL THEN 1 END                                            AS "careTeam.sequence",
       code('http://terminology.hl7.org/CodeSystem/processpriority', 'normal')                  AS priority,
       1                                                                                        AS "insurance.sequence",
       true                                                                                     AS "insurance.focal",
       coalesce(p.NAME, 'NO_INSURANCE')                                                         AS "insurance.coverage.display"
FROM claims c
LEFT JOIN encounters e ON e.Id = c.APPOINTMENTID
LEFT JOIN payers p ON p.Id = c.PRIMARYPATIENTINSURANCEID
LEFT JOIN claim_prescription r ON r.CLAIMID = c.Id
