-- @target Encounter as VisitDetail @key v.visit_detail_id @patient v.person_id @required subject
SELECT identifier('urn:medweave:source:{source}:visit-detail', v.visit_detail_id)  AS identifier,
       'finished'                                                                  AS status,
       coalesce(code('visit', nullif(v.visit_detail_concept_id, '0')),
                code('http://terminology.hl7.org/CodeSystem/v3-NullFlavor', 'UNK', 'unknown'))
                                                                                   AS class,
       ref('Patient', v.person_id)                                                 AS subject,
       ref('Visit', v.visit_occurrence_id)                                         AS "partOf",
       period(CASE WHEN v.visit_detail_start_datetime IS NULL OR v.visit_detail_start_datetime LIKE '%00:00:00%' THEN v.visit_detail_start_date ELSE v.visit_detail_start_datetime END,
              CASE WHEN v.visit_detail_end_datetime IS NULL OR v.visit_detail_end_datetime LIKE '%00:00:00%' THEN v.visit_detail_end_date ELSE v.visit_detail_end_datetime END)
                                                                                   AS period,
       ref('Provider', v.provider_id)                                              AS "participant.individual",
       ref('CareSite', v.care_site_id)                                             AS "serviceProvider"
FROM visit_detail v
