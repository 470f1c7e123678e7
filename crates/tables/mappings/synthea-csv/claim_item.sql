-- @target Claim @element item @key t.CLAIMID @each claims_transactions @order t.nth
SELECT t.nth                                                                                         AS sequence,
       CASE t.system WHEN 'rxnorm' THEN code('http://www.nlm.nih.gov/research/umls/rxnorm', t.PROCEDURECODE, t.NOTES)
                     WHEN 'cvx' THEN code('http://hl7.org/fhir/sid/cvx', t.PROCEDURECODE, t.NOTES)
                     WHEN 'snomed' THEN code('http://snomed.info/sct', t.PROCEDURECODE, t.NOTES)
                     ELSE code('charge', t.PROCEDURECODE, t.NOTES) END                               AS "productOrService",
       quantity(t.UNITS, NULL)                                                                       AS quantity,
       number(t.UNITAMOUNT)                                                                          AS "unitPrice.value",
       CASE WHEN t.UNITAMOUNT IS NOT NULL THEN 'USD' END                                             AS "unitPrice.currency",
       number(t.AMOUNT)                                                                              AS "net.value",
       CASE WHEN t.AMOUNT IS NOT NULL THEN 'USD' END                                                 AS "net.currency",
       ref('Encounter', t.APPOINTMENTID)                                                             AS encounter
FROM charge t
