-- @target Claim @element diagnosis @key d.Id @order d.nth
SELECT d.nth                                    AS sequence,
       code('http://snomed.info/sct', d.CODE)   AS "diagnosis.CodeableConcept"
FROM claim_diagnosis_row d
