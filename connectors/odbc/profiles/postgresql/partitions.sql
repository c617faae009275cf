-- How partitioned tables are cut: method and key with the number of parts; of each part, which share of which table it is;
-- and which tables one inherits its columns from without being a part of them.
SELECT
    c.relname AS path,
    'partitioning' AS name,
    pg_catalog.pg_get_partkeydef(c.oid) || ', '
    || CAST((SELECT COUNT(*) FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = c.oid) AS text) || ' partitions' AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind = 'p'
    AND c.relname = :object
UNION ALL
SELECT
    c.relname AS path,
    'partition_of' AS name,
    pn.nspname || '.' || p.relname || ' ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
WHERE n.nspname = :schema AND c.relispartition AND c.relkind IN ('r', 'p', 'f')
    AND c.relname = :object
UNION ALL
SELECT
    c.relname AS path,
    'inherits' AS name,
    STRING_AGG(pn.nspname || '.' || p.relname, ', ' ORDER BY i.inhseqno) AS value
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
WHERE n.nspname = :schema AND NOT c.relispartition AND c.relkind IN ('r', 'f')
    AND c.relname = :object
GROUP BY c.oid, c.relname
