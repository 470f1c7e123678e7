-- The condition a plan speaks of: the latest one of that code and patient that had begun by then.
SELECT plan, PATIENT, ENCOUNTER, CODE, START, nth
FROM (SELECT cp.Id AS plan, c.PATIENT, c.ENCOUNTER, c.CODE, c.START, c.nth,
             row_number() OVER (PARTITION BY cp.Id ORDER BY c.START DESC, c.nth) AS back
      FROM careplans cp
      JOIN condition_row c ON c.PATIENT = cp.PATIENT AND c.CODE = cp.REASONCODE AND c.START <= cp.START) AS candidate
WHERE back = 1
