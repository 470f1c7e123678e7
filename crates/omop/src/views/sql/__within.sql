-- Encounters that events can be in, with the visit that they are or are part of.
SELECT encounter_id, person_id, visit_occurrence_id, visit_detail_id, start_date, start_datetime FROM omop.__visit WHERE reason IS NULL
