-- @target Coverage @key p.payer_plan_period_id @patient p.person_id
SELECT identifier('urn:medweave:source:{source}:payer-plan-period', p.payer_plan_period_id)
                                                                             AS identifier,
       'active'                                                              AS status,
       ref('Patient', p.person_id)                                           AS beneficiary,
       period(p.payer_plan_period_start_date, p.payer_plan_period_end_date)  AS period,
       text(coalesce(p.payer_source_value, 'not stated'))                    AS "payor.display",
       text(p.plan_source_value)                                             AS "type.text"
FROM payer_plan_period p
