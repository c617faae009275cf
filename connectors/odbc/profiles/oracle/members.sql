-- The roles of the scanning account, and theirs.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/USER_ROLE_PRIVS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ROLE_ROLE_PRIVS.html
SELECT '' AS "path", p.granted_role AS "group", p.username AS "member", 'user' AS "member_kind"
FROM user_role_privs p
UNION ALL
SELECT '' AS "path", p.granted_role AS "group", p.role AS "member", 'role' AS "member_kind"
FROM role_role_privs p
