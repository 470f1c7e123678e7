-- @target Procedure @key p.hadm_id, p.seq_num, p.row_id @patient p.subject_id
SELECT 'completed'                                                                    AS status,
       code('urn:oid:2.16.840.1.113883.6.104',
            CASE WHEN length(p.icd9_code) > 2 THEN substr(p.icd9_code, 1, 2) || '.' || substr(p.icd9_code, 3)
                 ELSE p.icd9_code END)                                                AS "code.coding[0]",
       code('urn:medweave:code:mimic-iii-icd9-procedure', p.icd9_code)                AS "code.coding[1]",
       ref('Patient', p.subject_id)                                                   AS subject,
       ref('Encounter', p.hadm_id)                                                    AS encounter
FROM procedures_icd p
