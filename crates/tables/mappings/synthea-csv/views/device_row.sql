-- Rows that agree in the rest of the key are numbered; a UDI is taken apart at its application identifiers.
SELECT d.*,
       nullif(split_part(split_part(d.UDI, '(01)', 2), '(', 1), '') AS device_identifier,
       nullif(split_part(split_part(d.UDI, '(10)', 2), '(', 1), '') AS lot,
       nullif(split_part(split_part(d.UDI, '(21)', 2), '(', 1), '') AS serial,
       row_number() OVER (PARTITION BY d.PATIENT, d.ENCOUNTER, d.CODE, d.START ORDER BY d.UDI) AS nth
FROM devices d
