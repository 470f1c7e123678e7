-- @target Coverage @key t.PATIENT, t.START_DATE @patient t.PATIENT
SELECT 'active'                                                                AS status,
       t.MEMBERID                                                              AS "subscriberId",
       ref('Patient', t.PATIENT)                                               AS beneficiary,
       text(t.PLAN_OWNERSHIP)                                                  AS "relationship.text",
       period(t.START_DATE, t.END_DATE)                                        AS period,
       ref('Payer', t.PAYER)                                                   AS "payor[0]",
       ref('Payer', t.SECONDARY_PAYER)                                         AS "payor[1]"
FROM payer_transitions t
