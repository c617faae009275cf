-- What views and materialized views select.
SELECT
    c.relname AS path,
    CASE c.relkind WHEN 'm' THEN 'materialized_view' ELSE 'view' END AS kind,
    'postgres' AS dialect,
    'sql' AS language,
    pg_catalog.pg_get_viewdef(c.oid) AS definition,
    c.oid AS mark
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('v', 'm')
    AND c.relname = :object
    AND c.oid > CAST(:after AS oid)
ORDER BY c.oid
LIMIT 1000
