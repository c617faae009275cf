-- Comments on tables and views; the empty path is the schema itself.
SELECT
    c.relname AS path,
    'comment' AS name,
    d.description AS value
FROM pg_catalog.pg_description AS d
JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    d.classoid = CAST('pg_catalog.pg_class' AS regclass)
    AND d.objsubid = 0
    AND n.nspname = :schema
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT
    '' AS path,
    'comment' AS name,
    d.description AS value
FROM pg_catalog.pg_description AS d
JOIN pg_catalog.pg_namespace AS n ON n.oid = d.objoid
WHERE d.classoid = CAST('pg_catalog.pg_namespace' AS regclass) AND n.nspname = :schema
UNION ALL
SELECT '' AS path, 'routines_of_extensions' AS name, CAST(COUNT(*) AS text) AS value
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_depend AS e
    ON e.classid = CAST('pg_catalog.pg_proc' AS regclass) AND e.objid = p.oid AND e.deptype = 'e'
WHERE n.nspname = :schema
HAVING COUNT(*) > 0
