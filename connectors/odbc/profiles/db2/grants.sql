-- Rights on tables, routines and the schema (the empty path). PUBLIC is whoever can log in; G is a right that may be passed on.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscattabauth
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatschemaauth
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-syscatroutineauth
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'full' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'CONTROL' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.CONTROLAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'read' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'SELECT' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.SELECTAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'INSERT' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.INSERTAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'UPDATE' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.UPDATEAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'delete' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'DELETE' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.DELETEAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'ALTER' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.ALTERAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.TABNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'list' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'REFERENCES' AS "native"
FROM SYSCAT.TABAUTH AS a
WHERE a.TABSCHEMA = :schema AND a.REFAUTH IN ('Y', 'G')
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'ALTERIN' AS "native"
FROM SYSCAT.SCHEMAAUTH AS a
WHERE a.SCHEMANAME = :schema AND a.ALTERINAUTH IN ('Y', 'G')
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'write' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'CREATEIN' AS "native"
FROM SYSCAT.SCHEMAAUTH AS a
WHERE a.SCHEMANAME = :schema AND a.CREATEINAUTH IN ('Y', 'G')
UNION ALL
SELECT
    '' AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'delete' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'DROPIN' AS "native"
FROM SYSCAT.SCHEMAAUTH AS a
WHERE a.SCHEMANAME = :schema AND a.DROPINAUTH IN ('Y', 'G')
UNION ALL
SELECT
    a.SPECIFICNAME AS "path",
    a.GRANTEE AS "grantee",
    CASE WHEN a.GRANTEE = 'PUBLIC' THEN 'authenticated' WHEN a.GRANTEETYPE = 'U' THEN 'user' WHEN a.GRANTEETYPE = 'G' THEN 'group' WHEN a.GRANTEETYPE = 'R' THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    'execute' AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    'EXECUTE' AS "native"
FROM SYSCAT.ROUTINEAUTH AS a
WHERE a.SCHEMA = :schema AND a.SPECIFICNAME IS NOT NULL AND a.EXECUTEAUTH IN ('Y', 'G')
