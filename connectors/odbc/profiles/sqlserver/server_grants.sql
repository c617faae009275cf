-- Rights on the whole server, and those that its fixed roles have by themselves. PUBLIC is whoever can log in.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-server-permissions-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-server-principals-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/security/authentication-access/server-level-roles
SELECT
    '' AS "path",
    g.name AS "grantee",
    CASE WHEN g.name = 'public' THEN 'authenticated' WHEN g.type IN ('S', 'U', 'E', 'C', 'K') THEN 'user' WHEN g.type IN ('G', 'X') THEN 'group' WHEN g.type = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    CASE
        WHEN p.permission_name = 'CONTROL SERVER' THEN 'full'
        WHEN p.permission_name IN ('SELECT ALL USER SECURABLES') THEN 'read'
        WHEN p.permission_name LIKE 'IMPERSONATE%' OR p.permission_name IN ('ALTER ANY LOGIN', 'ALTER ANY SERVER ROLE', 'ALTER ANY CREDENTIAL') THEN 'change_permissions'
        WHEN p.permission_name LIKE 'VIEW%' OR p.permission_name LIKE 'CONNECT%' THEN 'list'
        ELSE 'write'
    END AS "right",
    CASE p.state WHEN 'D' THEN 'deny' ELSE 'allow' END AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.permission_name AS "native",
    'both' AS "scope"
FROM sys.server_permissions AS p
JOIN sys.server_principals AS g ON g.principal_id = p.grantee_principal_id
WHERE p.class = 100 AND p.state <> 'R' AND g.name NOT LIKE '##%'
UNION ALL
SELECT
    '' AS "path",
    r.name AS "grantee",
    'role' AS "grantee_kind",
    CASE r.name WHEN 'sysadmin' THEN 'full' WHEN 'securityadmin' THEN 'change_permissions' ELSE 'write' END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'fixed role ' + r.name AS "native",
    'both' AS "scope"
FROM sys.server_principals AS r
WHERE r.type = 'R' AND r.name IN ('sysadmin', 'securityadmin', 'serveradmin', 'setupadmin', 'dbcreator', 'diskadmin', 'bulkadmin', 'processadmin')
