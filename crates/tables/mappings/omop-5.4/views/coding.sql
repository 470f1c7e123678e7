-- A concept as FHIR writes it: the address of its vocabulary, its code and its name.
SELECT c.concept_id, c.concept_code, c.concept_name, c.vocabulary_id,
       CASE c.vocabulary_id
            WHEN 'SNOMED' THEN 'http://snomed.info/sct'
            WHEN 'LOINC' THEN 'http://loinc.org'
            WHEN 'RxNorm' THEN 'http://www.nlm.nih.gov/research/umls/rxnorm'
            WHEN 'UCUM' THEN 'http://unitsofmeasure.org'
            WHEN 'CVX' THEN 'http://hl7.org/fhir/sid/cvx'
            WHEN 'NDC' THEN 'http://hl7.org/fhir/sid/ndc'
            WHEN 'ICD10CM' THEN 'http://hl7.org/fhir/sid/icd-10-cm'
            WHEN 'ICD10' THEN 'http://hl7.org/fhir/sid/icd-10'
            WHEN 'ICD9CM' THEN 'http://hl7.org/fhir/sid/icd-9-cm'
            WHEN 'ICD9Proc' THEN 'urn:oid:2.16.840.1.113883.6.104'
            WHEN 'ICD10PCS' THEN 'http://www.cms.gov/Medicare/Coding/ICD10'
            WHEN 'CPT4' THEN 'http://www.ama-assn.org/go/cpt'
            WHEN 'HCPCS' THEN 'urn:oid:2.16.840.1.113883.6.285'
            WHEN 'ATC' THEN 'http://www.whocc.no/atc'
            ELSE 'urn:medweave:code:omop:' || replace(c.vocabulary_id, ' ', '-') END AS system
FROM concept c
