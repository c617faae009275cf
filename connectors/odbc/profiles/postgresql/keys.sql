-- Primary, unique and foreign keys, one row for each of their columns, in key order. A key that refers to a partitioned
-- table is repeated by the server for each partition, on the same table: those copies are left out.
SELECT
    c.relname AS path,
    k.conname AS name,
    CASE k.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'foreign' END AS kind,
    a.attname AS columns,
    rc.relname AS ref_path,
    rn.nspname AS ref_schema,
    ra.attname AS ref_columns,
    CASE k.confdeltype
        WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
    END AS on_delete,
    CASE k.confupdtype
        WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
    END AS on_update
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL UNNEST(k.conkey, k.confkey) WITH ORDINALITY AS u(attnum, refnum, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
LEFT JOIN pg_catalog.pg_constraint AS p ON p.oid = k.conparentid AND p.conrelid = k.conrelid
LEFT JOIN pg_catalog.pg_class AS rc ON rc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = rc.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS ra ON ra.attrelid = k.confrelid AND ra.attnum = u.refnum
WHERE n.nspname = :schema AND k.contype IN ('p', 'u', 'f') AND p.oid IS NULL
ORDER BY c.relname, k.conname, u.place
