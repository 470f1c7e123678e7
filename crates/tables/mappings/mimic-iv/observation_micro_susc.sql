-- @target Observation as observation_micro_susc @key m.microevent_id @each microbiologyevents @patient m.subject_id @required subject
SELECT identifier('urn:medweave:source:{source}:micro-event', m.microevent_id)  AS identifier,
       'final'                                                                  AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')
                                                                                AS category,
       code('antibiotic', m.ab_itemid, m.ab_name)                               AS code,
       ref('patient', m.subject_id)                                             AS subject,
       ref('encounter', m.hadm_id)                                              AS encounter,
       instant(m.taken)                                                         AS "effective.dateTime",
       ref('specimen', m.micro_specimen_id)                                     AS specimen,
       coalesce(quantity(m.dilution_text, NULL), text(m.dilution_text))         AS value,
       code('susceptibility', m.interpretation)                                 AS interpretation,
       ref('observation_micro_org', m.micro_specimen_id, m.test_itemid, m.org_itemid, coalesce(m.isolate_num, '0'))
                                                                                AS "derivedFrom"
FROM micro_row m
WHERE m.ab_itemid IS NOT NULL
