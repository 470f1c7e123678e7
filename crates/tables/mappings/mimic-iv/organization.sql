-- The one hospital of all rows.
-- @target Organization as organization @key '1' @each admissions a @group by '1'
SELECT 'Beth Israel Deaconess Medical Center'  AS name,
       code('http://terminology.hl7.org/CodeSystem/organization-type', 'prov', 'Healthcare Provider')
                                               AS type
FROM admissions a
