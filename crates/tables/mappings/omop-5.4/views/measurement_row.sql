-- A time of midnight says no more than the day. A part of a visit counts where it is one of the same visit. The source concept is left out where it is the standard one.
SELECT o.*, d.visit_detail_id AS detail_id,
       CASE WHEN o.measurement_datetime IS NULL OR o.measurement_datetime LIKE '%00:00:00%' THEN o.measurement_date ELSE o.measurement_datetime END AS started,
       c.system AS standard_system, c.concept_code AS standard_code, c.concept_name AS standard_name, c.vocabulary_id,
       s.system AS source_system, s.concept_code AS source_code, s.concept_name AS source_name,
       CASE o.operator_concept_id WHEN '4171756' THEN '<' WHEN '4171754' THEN '<=' WHEN '4172704' THEN '>' WHEN '4171755' THEN '>=' ELSE '' END
           || o.value_as_number AS number,
       coalesce(u.concept_code,
                CASE o.unit_source_value WHEN 'mEq/L' THEN 'meq/L' WHEN 'sec' THEN 's' WHEN 'mm Hg' THEN 'mm[Hg]' WHEN 'IU/L' THEN '[IU]/L'
                                         WHEN 'K/uL' THEN '10*3/uL' WHEN 'm/uL' THEN '10*6/uL' ELSE o.unit_source_value END) AS unit,
       v.system AS value_system, v.concept_code AS value_code, v.concept_name AS value_name
FROM measurement o
LEFT JOIN visit_detail d ON d.visit_detail_id = o.visit_detail_id AND d.visit_occurrence_id = o.visit_occurrence_id
LEFT JOIN coding c ON c.concept_id = o.measurement_concept_id
LEFT JOIN coding s ON s.concept_id = o.measurement_source_concept_id AND o.measurement_source_concept_id <> o.measurement_concept_id
LEFT JOIN coding u ON u.concept_id = o.unit_concept_id AND u.vocabulary_id = 'UCUM'
LEFT JOIN coding v ON v.concept_id = nullif(o.value_as_concept_id, '0')
