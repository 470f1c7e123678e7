-- A time of midnight says no more than the day. A part of a visit counts where it is one of the same visit. The source concept is left out where it is the standard one.
SELECT o.*, d.visit_detail_id AS detail_id,
       CASE WHEN o.observation_datetime IS NULL OR o.observation_datetime LIKE '%00:00:00%' THEN o.observation_date ELSE o.observation_datetime END AS started,
       c.system AS standard_system, c.concept_code AS standard_code, c.concept_name AS standard_name, c.vocabulary_id,
       s.system AS source_system, s.concept_code AS source_code, s.concept_name AS source_name,
       o.value_as_number AS number,
       coalesce(u.concept_code,
                CASE o.unit_source_value WHEN 'mEq/L' THEN 'meq/L' WHEN 'sec' THEN 's' WHEN 'mm Hg' THEN 'mm[Hg]' WHEN 'IU/L' THEN '[IU]/L'
                                         WHEN 'K/uL' THEN '10*3/uL' WHEN 'm/uL' THEN '10*6/uL' ELSE o.unit_source_value END) AS unit,
       v.system AS value_system, v.concept_code AS value_code, v.concept_name AS value_name
FROM observation o
LEFT JOIN visit_detail d ON d.visit_detail_id = o.visit_detail_id AND d.visit_occurrence_id = o.visit_occurrence_id
LEFT JOIN coding c ON c.concept_id = o.observation_concept_id
LEFT JOIN coding s ON s.concept_id = o.observation_source_concept_id AND o.observation_source_concept_id <> o.observation_concept_id
LEFT JOIN coding u ON u.concept_id = o.unit_concept_id AND u.vocabulary_id = 'UCUM'
LEFT JOIN coding v ON v.concept_id = nullif(o.value_as_concept_id, '0')
