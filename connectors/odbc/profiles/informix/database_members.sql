-- Who has been given which role.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysroleauth
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysusers
SELECT
    '' AS path,
    a.rolename AS group,
    a.grantee AS member,
    CASE u.usertype WHEN 'G' THEN 'role' ELSE 'user' END AS member_kind
FROM sysroleauth a
LEFT JOIN sysusers u ON u.username = a.grantee
