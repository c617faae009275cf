-- Indexes that stand behind no key, one row for each of their columns; an expression stands as the server writes it.
SELECT
    c.relname AS path,
    i.relname AS name,
    CASE WHEN x.indisunique AND x.indpred IS NULL AND x.indexprs IS NULL THEN 'unique' ELSE 'index' END AS kind,
    COALESCE(a.attname, pg_catalog.pg_get_indexdef(x.indexrelid, CAST(u.place AS integer), TRUE)) AS columns
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL UNNEST(CAST(x.indkey AS int2[])) WITH ORDINALITY AS u(attnum, place)
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = u.attnum AND u.attnum <> 0
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u')
WHERE n.nspname = :schema AND u.place <= x.indnkeyatts AND k.oid IS NULL
    AND c.relname = :object
ORDER BY c.relname, i.relname, u.place
