SELECT e.row_no * 1048576 + (coalesce(e.component, -1) + 1) * 256 + e.t['ordinal'] AS drug_exposure_id, e.person_id,
       e.t['concept_id'] AS drug_concept_id, e.start_date AS drug_exposure_start_date, e.start_datetime AS drug_exposure_start_datetime,
       CASE WHEN e.end_date >= e.start_date THEN e.end_date
            WHEN e.supply_days >= 1 THEN CAST(CAST(e.start_date AS INT) + CAST(least(e.supply_days, 36500.0) AS INT) - 1 AS DATE)
            ELSE e.start_date END AS drug_exposure_end_date,
       CASE WHEN e.end_date >= e.start_date THEN e.end_datetime END AS drug_exposure_end_datetime,
       e.end_date AS verbatim_end_date, 32817 AS drug_type_concept_id, substr(e.stop_reason, 1, 20) AS stop_reason, e.refills, e.quantity,
       TRY_CAST(e.supply_days AS BIGINT) AS days_supply, e.sig, CASE WHEN e.route_text IS NOT NULL THEN coalesce(omop_concept_of(e.route), 0) END AS route_concept_id, substr(e.lot, 1, 50) AS lot_number,
       e.provider_id, e.visit_occurrence_id, e.visit_detail_id, e.t['source_value'] AS drug_source_value,
       e.t['source_concept_id'] AS drug_source_concept_id, substr(e.route_text, 1, 50) AS route_source_value,
       substr(e.unit, 1, 50) AS dose_unit_source_value
FROM {rows}
