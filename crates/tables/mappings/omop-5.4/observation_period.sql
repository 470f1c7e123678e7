-- From when to when the database would know of what happened to a person: an episode of care of a type that says so.
-- @target EpisodeOfCare as ObservationPeriod @key o.observation_period_id @each observation_period o @patient o.person_id @required patient
SELECT identifier('urn:medweave:source:{source}:observation-period', o.observation_period_id)  AS identifier,
       'finished'                                                                              AS status,
       code('urn:medweave:code:omop-table', 'observation_period', 'Observation period')        AS "type.coding[0]",
       code('urn:medweave:code:omop-concept', nullif(o.period_type_concept_id, '0'))           AS "type.coding[1]",
       ref('Patient', o.person_id)                                                             AS patient,
       period(o.observation_period_start_date, o.observation_period_end_date)                  AS period
FROM observation_period o
