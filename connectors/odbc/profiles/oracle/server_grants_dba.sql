-- Everybody's rights on everything, for an account that may see them.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/DBA_SYS_PRIVS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_USERS.html
SELECT
    '' AS "path",
    p.grantee AS "grantee",
    CASE WHEN p.grantee = 'PUBLIC' THEN 'authenticated' WHEN u.username IS NOT NULL THEN 'user' ELSE 'role' END AS "grantee_kind",
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
FROM dba_sys_privs p
LEFT JOIN all_users u ON u.username = p.grantee
