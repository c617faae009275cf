-- Rights on what the schema holds. PUBLIC is whoever can log in.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_TAB_PRIVS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_USERS.html
SELECT DISTINCT
    p.table_name AS "path",
    p.grantee AS "grantee",
    CASE WHEN p.grantee = 'PUBLIC' THEN 'authenticated' WHEN u.username IS NOT NULL THEN 'user' ELSE 'role' END AS "grantee_kind",
    CASE
        WHEN p.privilege IN ('SELECT', 'READ', 'FLASHBACK') THEN 'read'
        WHEN p.privilege = 'DELETE' THEN 'delete'
        WHEN p.privilege = 'EXECUTE' THEN 'execute'
        WHEN p.privilege IN ('REFERENCES', 'QUERY REWRITE') THEN 'list'
        ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.privilege AS "native"
FROM all_tab_privs p
LEFT JOIN all_users u ON u.username = p.grantee
WHERE p.table_schema = :schema AND p.table_name NOT LIKE 'BIN$%'
