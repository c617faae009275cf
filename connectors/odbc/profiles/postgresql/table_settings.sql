-- What sets a table apart: row security, storage of its own, and indexes that are more than a list of columns.
SELECT
    c.relname AS path,
    'row_security' AS name,
    CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE 'on' END || ', '
    || CAST((SELECT COUNT(*) FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid) AS text) || ' policies' AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relrowsecurity
    AND c.relname = :object
UNION ALL
SELECT c.relname AS path, 'options' AS name, ARRAY_TO_STRING(c.reloptions, ', ') AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm') AND c.reloptions IS NOT NULL
    AND c.relname = :object
UNION ALL
SELECT c.relname AS path, 'tablespace' AS name, t.spcname AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_tablespace AS t ON t.oid = c.reltablespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'm')
    AND c.relname = :object
UNION ALL
SELECT
    c.relname AS path,
    'index.' || i.relname AS name,
    ARRAY_TO_STRING(
        ARRAY[
            CASE WHEN x.indisunique THEN 'unique' END,
            CASE WHEN x.indisexclusion THEN 'exclusion' END,
            CASE WHEN x.indpred IS NOT NULL THEN 'partial' END,
            CASE WHEN x.indexprs IS NOT NULL THEN 'expression' END,
            CASE WHEN NOT x.indisvalid THEN 'invalid' END,
            m.amname,
            CASE WHEN x.indpred IS NOT NULL THEN 'where ' || pg_catalog.pg_get_expr(x.indpred, x.indrelid) END
        ],
        ' '
    ) AS value
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = i.relam
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema
    AND (x.indpred IS NOT NULL OR x.indexprs IS NOT NULL OR NOT x.indisvalid OR x.indisexclusion OR m.amname <> 'btree')
    AND c.relname = :object
