-- A time of midnight says no more than the day. A part of a visit counts where it is one of the same visit. The source concept is left out where it is the standard one.
SELECT o.*, d.visit_detail_id AS detail_id,
       CASE WHEN o.condition_start_datetime IS NULL OR o.condition_start_datetime LIKE '%00:00:00%' THEN o.condition_start_date ELSE o.condition_start_datetime END AS started,
       CASE WHEN o.condition_end_datetime IS NULL OR o.condition_end_datetime LIKE '%00:00:00%' THEN o.condition_end_date ELSE o.condition_end_datetime END AS ended,
       c.system AS standard_system, c.concept_code AS standard_code, c.concept_name AS standard_name, c.vocabulary_id,
       s.system AS source_system, s.concept_code AS source_code, s.concept_name AS source_name
FROM condition_occurrence o
LEFT JOIN visit_detail d ON d.visit_detail_id = o.visit_detail_id AND d.visit_occurrence_id = o.visit_occurrence_id
LEFT JOIN coding c ON c.concept_id = o.condition_concept_id
LEFT JOIN coding s ON s.concept_id = o.condition_source_concept_id AND o.condition_source_concept_id <> o.condition_concept_id
