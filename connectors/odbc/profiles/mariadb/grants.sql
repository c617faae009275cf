-- Rights on the database (the empty path), on single tables and on single columns, as far as the account can see them. What is
-- granted on a database is granted on all whose names are like it: an underscore stands for any character unless it is escaped.
SELECT
    p.path AS path,
    p.grantee AS grantee,
    CASE
        WHEN p.grantee LIKE '''''@%' OR p.grantee LIKE '''PUBLIC''@''''' THEN 'everyone'
        WHEN p.grantee LIKE '%@''''' THEN 'role'
        ELSE 'user'
    END AS grantee_kind,
    CASE
        WHEN p.privilege_type IN ('SELECT', 'SHOW VIEW') THEN 'read'
        WHEN p.privilege_type IN ('DELETE', 'DROP', 'DELETE HISTORY', 'DELETE VERSIONING ROWS') THEN 'delete'
        WHEN p.privilege_type = 'EXECUTE' THEN 'execute'
        WHEN p.privilege_type = 'REFERENCES' THEN 'list'
        WHEN p.privilege_type = 'GRANT OPTION' THEN 'change_permissions'
        ELSE 'write'
    END AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    GROUP_CONCAT(DISTINCT p.privilege_type ORDER BY p.privilege_type SEPARATOR ', ') AS native,
    CASE WHEN p.path = '' THEN 'both' ELSE 'this' END AS scope,
    p.`condition` AS `condition`
FROM (
    SELECT
        '' AS path,
        s.grantee AS grantee,
        s.privilege_type AS privilege_type,
        CASE WHEN REPLACE(REPLACE(s.table_schema, '\\_', '_'), '\\%', '%') <> :database THEN CONCAT('of databases like ', s.table_schema) END AS `condition`
    FROM information_schema.schema_privileges AS s
    WHERE CAST(:database AS BINARY) LIKE CAST(s.table_schema AS BINARY)
    UNION ALL
    SELECT DISTINCT
        '' AS path,
        s.grantee AS grantee,
        'GRANT OPTION' AS privilege_type,
        CASE WHEN REPLACE(REPLACE(s.table_schema, '\\_', '_'), '\\%', '%') <> :database THEN CONCAT('of databases like ', s.table_schema) END AS `condition`
    FROM information_schema.schema_privileges AS s
    WHERE CAST(:database AS BINARY) LIKE CAST(s.table_schema AS BINARY) AND s.is_grantable = 'YES'
    UNION ALL
    SELECT t.table_name AS path, t.grantee AS grantee, t.privilege_type AS privilege_type, NULL AS `condition`
    FROM information_schema.table_privileges AS t
    WHERE t.table_schema = :database
    UNION ALL
    SELECT t.table_name AS path, t.grantee AS grantee, 'GRANT OPTION' AS privilege_type, NULL AS `condition`
    FROM information_schema.table_privileges AS t
    WHERE t.table_schema = :database AND t.is_grantable = 'YES'
    GROUP BY t.table_name, t.grantee
    UNION ALL
    SELECT c.table_name AS path, c.grantee AS grantee, c.privilege_type AS privilege_type, CONCAT('only column ', c.column_name) AS `condition`
    FROM information_schema.column_privileges AS c
    WHERE c.table_schema = :database
    UNION ALL
    SELECT c.table_name AS path, c.grantee AS grantee, 'GRANT OPTION' AS privilege_type, NULL AS `condition`
    FROM information_schema.column_privileges AS c
    WHERE c.table_schema = :database AND c.is_grantable = 'YES'
) AS p
WHERE p.privilege_type <> 'USAGE'
GROUP BY p.path, p.grantee, CASE
    WHEN p.privilege_type IN ('SELECT', 'SHOW VIEW') THEN 'read'
    WHEN p.privilege_type IN ('DELETE', 'DROP', 'DELETE HISTORY', 'DELETE VERSIONING ROWS') THEN 'delete'
    WHEN p.privilege_type = 'EXECUTE' THEN 'execute'
    WHEN p.privilege_type = 'REFERENCES' THEN 'list'
    WHEN p.privilege_type = 'GRANT OPTION' THEN 'change_permissions'
    ELSE 'write'
END, p.`condition`
