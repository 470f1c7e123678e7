-- A charge and the code system of what was charged: the one of the table that has this code in this visit.
SELECT t.*,
       row_number() OVER (PARTITION BY t.CLAIMID ORDER BY try_cast(t.CHARGEID AS bigint), t.ID) AS nth,
       CASE WHEN m.CODE IS NOT NULL THEN 'rxnorm'
            WHEN i.CODE IS NOT NULL THEN 'cvx'
            WHEN s.CODE IS NOT NULL THEN 'snomed' END AS system
FROM claims_transactions t
LEFT JOIN (SELECT DISTINCT ENCOUNTER, CODE FROM medications) m ON m.ENCOUNTER = t.APPOINTMENTID AND m.CODE = t.PROCEDURECODE
LEFT JOIN (SELECT DISTINCT ENCOUNTER, CODE FROM immunizations) i ON i.ENCOUNTER = t.APPOINTMENTID AND i.CODE = t.PROCEDURECODE
LEFT JOIN (SELECT ENCOUNTER, CODE FROM procedures UNION SELECT Id AS ENCOUNTER, CODE FROM encounters UNION
           SELECT ENCOUNTER, CODE FROM devices UNION SELECT ENCOUNTER, CODE FROM supplies UNION
           SELECT ENCOUNTER, CODE FROM conditions) s
       ON s.ENCOUNTER = t.APPOINTMENTID AND s.CODE = t.PROCEDURECODE
WHERE t.TYPE = 'CHARGE'
