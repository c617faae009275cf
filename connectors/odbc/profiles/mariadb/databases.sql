-- Databases the account can see, without the server's own.
SELECT
    s.schema_name AS name,
    'database' AS kind
FROM information_schema.schemata AS s
WHERE s.schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
ORDER BY s.schema_name
