-- The claims whose charge is a drug that was ordered in the same visit.
SELECT DISTINCT t.CLAIMID
FROM claims_transactions t
JOIN medications m ON m.ENCOUNTER = t.APPOINTMENTID AND m.CODE = t.PROCEDURECODE
WHERE t.TYPE = 'CHARGE'
