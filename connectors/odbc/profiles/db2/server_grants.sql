-- Authorities over the whole database: PUBLIC is whoever can log in.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatdbauth
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'full' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'DBADM' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.DBADMAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'change_permissions' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'SECADM' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.SECURITYADMAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'change_permissions' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'ACCESSCTRL' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.ACCESSCTRLAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'full' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'DATAACCESS' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.DATAACCESSAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'LOAD' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.LOADAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'list' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'CONNECT' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.CONNECTAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'CREATETAB' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.CREATETABAUTH = 'Y'
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'CREATE_EXTERNAL_ROUTINE' AS "native"
FROM SYSCAT.DBAUTH AS a
WHERE a.EXTERNALROUTINEAUTH = 'Y'
