-- What the server's own roles may do, as nobody lists it; who has them stands with the members.
-- Reference Manual: Tables, syssrvroles
SELECT
    '' AS "path",
    r.name AS "grantee",
    'role' AS "grantee_kind",
    CASE r.name WHEN 'sa_role' THEN 'full' WHEN 'sso_role' THEN 'change_permissions' ELSE 'write' END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'role ' + r.name AS "native",
    'both' AS "scope"
FROM master..syssrvroles AS r
WHERE r.name IN ('sa_role', 'sso_role', 'oper_role', 'replication_role')
