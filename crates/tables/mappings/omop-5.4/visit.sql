-- @target Encounter as Visit @key v.visit_occurrence_id @patient v.person_id @required subject
SELECT identifier('urn:medweave:source:{source}:visit', v.visit_occurrence_id, 'usual', 'VN')
                                                                                  AS "identifier[0]",
       identifier('urn:medweave:source:{source}:visit-source-value', v.visit_source_value)
                                                                                  AS "identifier[1]",
       'finished'                                                                 AS status,
       coalesce(code('visit', nullif(v.visit_concept_id, '0')),
                code('http://terminology.hl7.org/CodeSystem/v3-NullFlavor', 'UNK', 'unknown'))
                                                                                  AS class,
       ref('Patient', v.person_id)                                                AS subject,
       period(CASE WHEN v.visit_start_datetime IS NULL OR v.visit_start_datetime LIKE '%00:00:00%' THEN v.visit_start_date ELSE v.visit_start_datetime END,
              CASE WHEN v.visit_end_datetime IS NULL OR v.visit_end_datetime LIKE '%00:00:00%' THEN v.visit_end_date ELSE v.visit_end_datetime END)
                                                                                  AS period,
       ref('Provider', v.provider_id)                                             AS "participant.individual",
       ref('CareSite', v.care_site_id)                                            AS "serviceProvider",
       text(coalesce(v.admitted_from_source_value, v.admitting_source_value))     AS "hospitalization.admitSource.text",
       text(coalesce(v.discharged_to_source_value, v.discharge_to_source_value))  AS "hospitalization.dischargeDisposition.text"
FROM visit_occurrence v
