-- @target Location as location @key u.careunit @each transfers
SELECT 'active'                  AS status,
       u.careunit                AS name,
       ref('organization', '1')  AS "managingOrganization"
FROM care_unit u
