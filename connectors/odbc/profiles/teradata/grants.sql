-- Rights on the database ('All', the empty path) and on what is in it, of users and of roles. PUBLIC is whoever can log in.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, AllRightsV
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, AllRoleRightsV
SELECT DISTINCT
    CASE r.TableName WHEN 'All' THEN '' ELSE r.TableName END AS "path",
    r.UserName AS "grantee",
    CASE r.UserName WHEN 'PUBLIC' THEN 'authenticated' ELSE 'user' END AS "grantee_kind",
    CASE TRIM(r.AccessRight)
        WHEN 'R' THEN 'read' WHEN 'RS' THEN 'read' WHEN 'D' THEN 'delete' WHEN 'DT' THEN 'delete' WHEN 'DD' THEN 'delete' WHEN 'DV' THEN 'delete'
        WHEN 'E' THEN 'execute' WHEN 'PE' THEN 'execute' WHEN 'EF' THEN 'execute' WHEN 'RF' THEN 'list' WHEN 'SH' THEN 'list' WHEN 'ST' THEN 'list'
        WHEN 'DU' THEN 'change_permissions' WHEN 'CU' THEN 'change_permissions' WHEN 'CR' THEN 'change_permissions'
        ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    r.AccessRight AS "native"
FROM DBC.AllRightsV AS r
WHERE r.DatabaseName = :database AND r.UserName <> r.DatabaseName
UNION ALL
SELECT DISTINCT
    CASE r.TableName WHEN 'All' THEN '' ELSE r.TableName END AS "path",
    r.RoleName AS "grantee",
    'role' AS "grantee_kind",
    CASE TRIM(r.AccessRight)
        WHEN 'R' THEN 'read' WHEN 'RS' THEN 'read' WHEN 'D' THEN 'delete' WHEN 'DT' THEN 'delete' WHEN 'DD' THEN 'delete' WHEN 'DV' THEN 'delete'
        WHEN 'E' THEN 'execute' WHEN 'PE' THEN 'execute' WHEN 'EF' THEN 'execute' WHEN 'RF' THEN 'list' WHEN 'SH' THEN 'list' WHEN 'ST' THEN 'list'
        WHEN 'DU' THEN 'change_permissions' WHEN 'CU' THEN 'change_permissions' WHEN 'CR' THEN 'change_permissions'
        ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    r.AccessRight AS "native"
FROM DBC.AllRoleRightsV AS r
WHERE r.DatabaseName = :database AND r.RoleName <> r.DatabaseName
