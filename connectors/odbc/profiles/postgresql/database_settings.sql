-- What a database says of itself, with its extensions and their versions.
SELECT '' AS path, 'encoding' AS name, pg_catalog.pg_encoding_to_char(d.encoding) AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT '' AS path, 'collation' AS name, d.datcollate AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT '' AS path, 'character_type' AS name, d.datctype AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT '' AS path, 'database_bytes' AS name, CAST(pg_catalog.pg_database_size(d.oid) AS text) AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT '' AS path, 'extension.' || e.extname AS name, e.extversion AS value
FROM pg_catalog.pg_extension AS e
