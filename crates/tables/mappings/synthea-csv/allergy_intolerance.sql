-- @target AllergyIntolerance @key a.PATIENT, a.ENCOUNTER, a.CODE, a.START @patient a.PATIENT
SELECT code('http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical',
            CASE WHEN a.STOP IS NULL THEN 'active' ELSE 'resolved' END)                         AS "clinicalStatus",
       code('http://terminology.hl7.org/CodeSystem/allergyintolerance-verification', 'confirmed') AS "verificationStatus",
       a.TYPE                                                                                   AS type,
       CASE a.CATEGORY WHEN 'drug' THEN 'medication' ELSE a.CATEGORY END                        AS category,
       CASE a.SYSTEM WHEN 'RxNorm' THEN code('http://www.nlm.nih.gov/research/umls/rxnorm', a.CODE, a.DESCRIPTION)
                     ELSE code('http://snomed.info/sct', a.CODE, a.DESCRIPTION) END             AS code,
       ref('Patient', a.PATIENT)                                                                AS patient,
       ref('Encounter', a.ENCOUNTER)                                                            AS encounter,
       instant(a.START)                                                                         AS "recordedDate",
       code('http://snomed.info/sct', a.REACTION1, a.DESCRIPTION1)                              AS "reaction[0].manifestation",
       lower(a.SEVERITY1)                                                                       AS "reaction[0].severity",
       code('http://snomed.info/sct', a.REACTION2, a.DESCRIPTION2)                              AS "reaction[1].manifestation",
       lower(a.SEVERITY2)                                                                       AS "reaction[1].severity"
FROM allergies a
