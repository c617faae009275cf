-- Rights on tables, views, procedures and the like. PUBLIC is whoever can log in. The owner's own stand with the entry. A
-- procedure, view or trigger may be given rights as well: nobody says who stands behind it.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-user-privileges
SELECT DISTINCT
    p.RDB$RELATION_NAME AS "path",
    p.RDB$USER AS "grantee",
    CASE WHEN p.RDB$USER = 'PUBLIC' THEN 'authenticated' WHEN p.RDB$USER_TYPE = 8 THEN 'user' WHEN p.RDB$USER_TYPE = 13 THEN 'role' ELSE 'unknown' END AS "grantee_kind",
    CASE p.RDB$PRIVILEGE
        WHEN 'S' THEN 'read' WHEN 'D' THEN 'delete' WHEN 'X' THEN 'execute' WHEN 'R' THEN 'list' WHEN 'G' THEN 'read' ELSE 'write'
    END AS "right",
    'allow' AS "effect",
    0 AS "inherited",
    'sql_grant' AS "origin",
    p.RDB$PRIVILEGE AS "native"
FROM RDB$USER_PRIVILEGES p
LEFT JOIN RDB$RELATIONS r ON r.RDB$RELATION_NAME = p.RDB$RELATION_NAME AND p.RDB$OBJECT_TYPE IN (0, 1)
WHERE p.RDB$OBJECT_TYPE IN (0, 1, 5, 14, 15, 18)
    AND p.RDB$PRIVILEGE IN ('S', 'I', 'U', 'D', 'R', 'X', 'G')
    AND COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0
    AND p.RDB$RELATION_NAME NOT LIKE 'RDB$%'
    AND p.RDB$RELATION_NAME NOT LIKE 'MON$%'
    AND p.RDB$RELATION_NAME NOT LIKE 'SEC$%'
    AND p.RDB$RELATION_NAME NOT LIKE 'SQL$%'
    AND p.RDB$USER <> COALESCE(r.RDB$OWNER_NAME, '')
