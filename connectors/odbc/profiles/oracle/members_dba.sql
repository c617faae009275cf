-- Everybody's roles, for an account that may see them.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/DBA_ROLE_PRIVS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_USERS.html
SELECT
    '' AS "path",
    p.granted_role AS "group",
    p.grantee AS "member",
    CASE WHEN u.username IS NOT NULL THEN 'user' ELSE 'role' END AS "member_kind"
FROM dba_role_privs p
LEFT JOIN all_users u ON u.username = p.grantee
