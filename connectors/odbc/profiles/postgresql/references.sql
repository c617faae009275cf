-- What foreign tables stand for: a file or program on the server, or a table elsewhere.
SELECT
    c.relname AS path,
    f.srvname AS part,
    CASE WHEN x.file LIKE '%://%' THEN 'url' WHEN x.file IS NOT NULL THEN 'path' ELSE 'table' END AS kind,
    COALESCE(x.file, x.program, f.srvname || COALESCE('.' || x.database, '') || COALESCE('.' || x.schema, '') || '.' || COALESCE(x.name, c.relname)) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM pg_catalog.pg_foreign_table AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.ftrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_foreign_server AS f ON f.oid = t.ftserver
CROSS JOIN LATERAL (
    SELECT
        MAX(CASE WHEN o.option_name IN ('filename', 'location') THEN o.option_value END) AS file,
        MAX(CASE WHEN o.option_name = 'program' THEN o.option_value END) AS program,
        MAX(CASE WHEN o.option_name IN ('dbname', 'database') THEN o.option_value END) AS database,
        MAX(CASE WHEN o.option_name IN ('schema_name', 'schema') THEN o.option_value END) AS schema,
        MAX(CASE WHEN o.option_name IN ('table_name', 'table', 'object') THEN o.option_value END) AS name
    FROM pg_catalog.pg_options_to_table(t.ftoptions) AS o
) AS x
WHERE n.nspname = :schema
