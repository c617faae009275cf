-- Columns of tables and views. Declared arguments are taken from the type modifier, as format_type does, a domain's from its base;
-- numbers of dropped columns stay taken in the catalog, so places are counted here. A few hundred tables are asked for at a time,
-- so that the server sorts them in memory; those with no column left do not count, as an answer without a row is the last one.
SELECT
    c.relname AS path,
    a.attname AS name,
    ROW_NUMBER() OVER (PARTITION BY c.oid ORDER BY a.attnum) AS position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    CASE
        WHEN b.type IN (1042, 1043) AND b.modifier > 4 THEN b.modifier - 4
        WHEN b.type IN (1560, 1562) AND b.modifier > 0 THEN b.modifier
    END AS length,
    CASE
        WHEN b.type = 1700 AND b.modifier > 4 THEN ((b.modifier - 4) >> 16) & 65535
        WHEN b.type IN (1083, 1114, 1184, 1266) AND b.modifier >= 0 THEN b.modifier
    END AS precision,
    CASE WHEN b.type = 1700 AND b.modifier > 4 THEN (((b.modifier - 4) & 2047) # 1024) - 1024 END AS scale,
    CASE WHEN a.attnotnull OR t.typtype = 'd' AND t.typnotnull THEN 0 ELSE 1 END AS nullable,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default,
    CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' THEN 1 ELSE 0 END AS generated,
    CASE WHEN b.type IN (17, 25, 114, 142, 3802) OR t.typname = 'lo' THEN 1 ELSE 0 END AS lob,
    o.collname AS collation,
    e.description AS comment,
    c.oid AS mark
FROM (
    SELECT k.oid AS oid, k.relname AS relname
    FROM pg_catalog.pg_class AS k
    JOIN pg_catalog.pg_namespace AS n ON n.oid = k.relnamespace
    WHERE
        n.nspname = :schema
        AND k.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (SELECT 1 FROM pg_catalog.pg_attribute AS x WHERE x.attrelid = k.oid AND x.attnum > 0 AND NOT x.attisdropped LIMIT 1) = 1
        AND k.relname = :object
        AND k.oid > CAST(:after AS oid)
    ORDER BY k.oid
    LIMIT 500
) AS c
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END AS type,
        CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier
) AS b
LEFT JOIN pg_catalog.pg_attrdef AS d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS o ON o.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_catalog.pg_description AS e
    ON e.objoid = c.oid AND e.classoid = CAST('pg_catalog.pg_class' AS regclass) AND e.objsubid = a.attnum
ORDER BY c.oid, a.attnum
