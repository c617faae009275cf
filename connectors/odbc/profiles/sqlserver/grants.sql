-- Rights on things, on the schema (the empty path), and on the whole database, which holds for the schema too: as inherited.
-- The fixed roles have theirs without any being listed. PUBLIC is everybody in the database, guest everybody on the server.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-database-permissions-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-database-principals-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/security/authentication-access/database-level-roles
SELECT DISTINCT
    o.name AS "path",
    g.name AS "grantee",
    CASE WHEN g.name IN ('public', 'guest') THEN 'authenticated' WHEN g.type IN ('S', 'U', 'E', 'C', 'K') THEN 'user' WHEN g.type IN ('G', 'X') THEN 'group' WHEN g.type IN ('R', 'A') THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    CASE
        WHEN p.permission_name = 'CONTROL' THEN 'full'
        WHEN p.permission_name = 'SELECT' THEN 'read'
        WHEN p.permission_name = 'DELETE' THEN 'delete'
        WHEN p.permission_name = 'EXECUTE' THEN 'execute'
        WHEN p.permission_name IN ('TAKE OWNERSHIP', 'ALTER ANY ROLE', 'ALTER ANY USER') OR p.permission_name LIKE 'IMPERSONATE%' THEN 'change_permissions'
        WHEN p.permission_name LIKE 'VIEW%' OR p.permission_name IN ('REFERENCES', 'CONNECT', 'SHOWPLAN') THEN 'list'
        ELSE 'write'
    END AS "right",
    CASE p.state WHEN 'D' THEN 'deny' ELSE 'allow' END AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.permission_name AS "native",
    'both' AS "scope"
FROM sys.database_permissions AS p
JOIN sys.database_principals AS g ON g.principal_id = p.grantee_principal_id
JOIN sys.objects AS o ON o.object_id = p.major_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE p.class = 1 AND p.state <> 'R' AND o.is_ms_shipped = 0 AND s.name = :schema
UNION ALL
SELECT DISTINCT
    '' AS "path",
    g.name AS "grantee",
    CASE WHEN g.name IN ('public', 'guest') THEN 'authenticated' WHEN g.type IN ('S', 'U', 'E', 'C', 'K') THEN 'user' WHEN g.type IN ('G', 'X') THEN 'group' WHEN g.type IN ('R', 'A') THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    CASE
        WHEN p.permission_name = 'CONTROL' THEN 'full'
        WHEN p.permission_name = 'SELECT' THEN 'read'
        WHEN p.permission_name = 'DELETE' THEN 'delete'
        WHEN p.permission_name = 'EXECUTE' THEN 'execute'
        WHEN p.permission_name IN ('TAKE OWNERSHIP', 'ALTER ANY ROLE', 'ALTER ANY USER') OR p.permission_name LIKE 'IMPERSONATE%' THEN 'change_permissions'
        WHEN p.permission_name LIKE 'VIEW%' OR p.permission_name IN ('REFERENCES', 'CONNECT', 'SHOWPLAN') THEN 'list'
        ELSE 'write'
    END AS "right",
    CASE p.state WHEN 'D' THEN 'deny' ELSE 'allow' END AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.permission_name AS "native",
    'both' AS "scope"
FROM sys.database_permissions AS p
JOIN sys.database_principals AS g ON g.principal_id = p.grantee_principal_id
JOIN sys.schemas AS s ON s.schema_id = p.major_id
WHERE p.class = 3 AND p.state <> 'R' AND s.name = :schema
UNION ALL
SELECT DISTINCT
    '' AS "path",
    g.name AS "grantee",
    CASE WHEN g.name IN ('public', 'guest') THEN 'authenticated' WHEN g.type IN ('S', 'U', 'E', 'C', 'K') THEN 'user' WHEN g.type IN ('G', 'X') THEN 'group' WHEN g.type IN ('R', 'A') THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    CASE
        WHEN p.permission_name = 'CONTROL' THEN 'full'
        WHEN p.permission_name = 'SELECT' THEN 'read'
        WHEN p.permission_name = 'DELETE' THEN 'delete'
        WHEN p.permission_name = 'EXECUTE' THEN 'execute'
        WHEN p.permission_name IN ('TAKE OWNERSHIP', 'ALTER ANY ROLE', 'ALTER ANY USER') OR p.permission_name LIKE 'IMPERSONATE%' THEN 'change_permissions'
        WHEN p.permission_name LIKE 'VIEW%' OR p.permission_name IN ('REFERENCES', 'CONNECT', 'SHOWPLAN') THEN 'list'
        ELSE 'write'
    END AS "right",
    CASE p.state WHEN 'D' THEN 'deny' ELSE 'allow' END AS "effect",
    1 AS "inherited",
    'sql_grant' AS "origin",
    p.permission_name AS "native",
    'both' AS "scope"
FROM sys.database_permissions AS p
JOIN sys.database_principals AS g ON g.principal_id = p.grantee_principal_id
WHERE p.class = 0 AND p.state <> 'R' AND g.name <> 'dbo'
UNION ALL
SELECT
    '' AS "path",
    r.name AS "grantee",
    'role' AS "grantee_kind",
    CASE
        WHEN r.name = 'db_owner' THEN 'full'
        WHEN r.name IN ('db_datareader', 'db_denydatareader') THEN 'read'
        WHEN r.name IN ('db_securityadmin', 'db_accessadmin') THEN 'change_permissions'
        ELSE 'write'
    END AS "right",
    CASE WHEN r.name LIKE 'db_deny%' THEN 'deny' ELSE 'allow' END AS "effect",
    1 AS "inherited",
    'sql_grant' AS "origin",
    'fixed role ' + r.name AS "native",
    'both' AS "scope"
FROM sys.database_principals AS r
WHERE r.name IN (
    'db_owner', 'db_datareader', 'db_datawriter', 'db_ddladmin', 'db_securityadmin', 'db_accessadmin', 'db_denydatareader', 'db_denydatawriter'
)
