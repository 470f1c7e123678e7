SELECT type AS resource_type, id AS resource_id, row_no * 1048576 + (coalesce(component, -1) + 1) * 256 AS row_id, 'start' AS field, start_rule AS rule
FROM omop.__event WHERE reason IS NULL AND start_rule IS NOT NULL
UNION ALL SELECT type, id, row_no * 1048576 + (coalesce(component, -1) + 1) * 256, 'end',
       CASE WHEN end_date >= start_date THEN omop_imputed(ended_text) WHEN supply_days >= 1 THEN 'days of supply' ELSE 'day of the start' END
FROM omop.__event WHERE reason IS NULL AND place = 'drug' AND (end_date IS NULL OR end_date < start_date OR omop_imputed(ended_text) IS NOT NULL)
UNION ALL SELECT 'Encounter', encounter_id, row_no, 'start', start_rule FROM omop.__visit WHERE reason IS NULL AND start_rule IS NOT NULL
UNION ALL SELECT 'Encounter', encounter_id, row_no, 'end', 'day of the start' FROM omop.__visit WHERE reason IS NULL AND end_date IS NULL
