-- Records that were merged into others, with who they are then.
WITH replaced AS (SELECT _id, replaced_by, deceased_at, deceased_at_text FROM patient WHERE replaced_by IS NOT NULL)
SELECT a._id AS patient_id, coalesce(c.replaced_by, b.replaced_by, a.replaced_by) AS survivor_id, a.deceased_at, a.deceased_at_text
FROM replaced a LEFT JOIN replaced b ON b._id = a.replaced_by LEFT JOIN replaced c ON c._id = b.replaced_by
