-- Rights on everything that the scanning account has, itself and by its roles; others' are not shown to it.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/USER_SYS_PRIVS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ROLE_SYS_PRIVS.html
SELECT
    '' AS "path",
    p.username AS "grantee",
    CASE p.username WHEN 'PUBLIC' THEN 'authenticated' ELSE 'user' END AS "grantee_kind",
    CASE
        WHEN p.privilege IN ('SELECT ANY TABLE', 'READ ANY TABLE', 'SELECT ANY DICTIONARY', 'FLASHBACK ANY TABLE') THEN 'read'
        WHEN p.privilege = 'DELETE ANY TABLE' OR p.privilege LIKE 'DROP ANY%' THEN 'delete'
        WHEN p.privilege LIKE 'EXECUTE ANY%' THEN 'execute'
        WHEN p.privilege LIKE 'GRANT ANY%' OR p.privilege IN ('ALTER USER', 'CREATE USER', 'BECOME USER') THEN 'change_permissions'
        WHEN p.privilege = 'CREATE SESSION' THEN 'list'
        ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.privilege AS "native",
    'both' AS "scope"
FROM user_sys_privs p
UNION ALL
SELECT
    '' AS "path",
    p.role AS "grantee",
    'role' AS "grantee_kind",
    CASE
        WHEN p.privilege IN ('SELECT ANY TABLE', 'READ ANY TABLE', 'SELECT ANY DICTIONARY', 'FLASHBACK ANY TABLE') THEN 'read'
        WHEN p.privilege = 'DELETE ANY TABLE' OR p.privilege LIKE 'DROP ANY%' THEN 'delete'
        WHEN p.privilege LIKE 'EXECUTE ANY%' THEN 'execute'
        WHEN p.privilege LIKE 'GRANT ANY%' OR p.privilege IN ('ALTER USER', 'CREATE USER', 'BECOME USER') THEN 'change_permissions'
        WHEN p.privilege = 'CREATE SESSION' THEN 'list'
        ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.privilege AS "native",
    'both' AS "scope"
FROM role_sys_privs p
