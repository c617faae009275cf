-- Rights on the database (the empty path) and on single tables, as far as the account can see them.
SELECT DISTINCT
    p.path AS path,
    p.grantee AS grantee,
    'user' AS grantee_kind,
    CASE p.privilege_type
        WHEN 'SELECT' THEN 'read' WHEN 'DELETE' THEN 'delete' WHEN 'DROP' THEN 'delete' WHEN 'EXECUTE' THEN 'execute'
        ELSE 'write'
    END AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin
FROM (
    SELECT '' AS path, s.grantee AS grantee, s.privilege_type AS privilege_type
    FROM information_schema.schema_privileges AS s
    WHERE s.table_schema = :database
    UNION ALL
    SELECT t.table_name AS path, t.grantee AS grantee, t.privilege_type AS privilege_type
    FROM information_schema.table_privileges AS t
    WHERE t.table_schema = :database
) AS p
WHERE p.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'EXECUTE')
