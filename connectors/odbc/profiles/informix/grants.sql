-- Rights on tables and routines, and on the whole database, which hold for the schema too: as inherited. A table's stand in one
-- word, a letter each, capital where it may be passed on; public is whoever can log in.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systabauth
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysprocauth
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysusers
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysprocedures
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'read' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'SELECT' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 1, 1)) = 's'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'write' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'UPDATE' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 2, 1)) = 'u'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'write' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'INSERT' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 4, 1)) = 'i'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'delete' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'DELETE' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 5, 1)) = 'd'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'write' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'INDEX' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 6, 1)) = 'x'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'write' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'ALTER' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 7, 1)) = 'a'
UNION ALL
SELECT
    t.tabname AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'list' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'REFERENCES' AS native
FROM systabauth a
JOIN systables t ON t.tabid = a.tabid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE t.owner = :schema AND t.tabid >= 100 AND LOWER(SUBSTR(a.tabauth, 8, 1)) = 'r'
UNION ALL
SELECT
    p.procname || '#' || p.procid AS path,
    a.grantee AS grantee,
    CASE WHEN a.grantee = 'public' THEN 'authenticated' WHEN u.usertype = 'G' THEN 'role' ELSE 'user' END AS grantee_kind,
    'execute' AS right,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    'EXECUTE' AS native
FROM sysprocauth a
JOIN sysprocedures p ON p.procid = a.procid
LEFT JOIN sysusers u ON u.username = a.grantee
WHERE p.owner = :schema AND p.mode IN ('O', 'D', 'R')
UNION ALL
SELECT
    '' AS path,
    u.username AS grantee,
    CASE WHEN u.username = 'public' THEN 'authenticated' ELSE 'user' END AS grantee_kind,
    CASE u.usertype WHEN 'D' THEN 'full' WHEN 'R' THEN 'write' ELSE 'list' END AS right,
    'allow' AS effect,
    1 AS inherited,
    'sql_grant' AS origin,
    CASE u.usertype WHEN 'D' THEN 'DBA' WHEN 'R' THEN 'RESOURCE' ELSE 'CONNECT' END AS native
FROM sysusers u
WHERE u.usertype IN ('D', 'R', 'C') AND u.username <> 'informix'
