-- Who has been given which role.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-user-privileges
SELECT
    '' AS "path",
    p.RDB$RELATION_NAME AS "group",
    p.RDB$USER AS "member",
    CASE p.RDB$USER_TYPE WHEN 8 THEN 'user' WHEN 13 THEN 'role' END AS "member_kind"
FROM RDB$USER_PRIVILEGES p
WHERE p.RDB$PRIVILEGE = 'M'
