-- The table has no key. Rows that agree in order, kind and drug are numbered.
SELECT p.*, row_number() OVER (PARTITION BY p.subject_id, p.pharmacy_id, p.drug_type, p.drug ORDER BY p.starttime, p.ndc, p.dose_val_rx) AS nth
FROM prescriptions p
