-- What a database says of itself: its encoding and size, extensions and their versions, publications, users of other servers
-- (their names there, never a password), large objects that statistics know of, and rights given in advance.
SELECT '' AS path, 'encoding' AS name, pg_catalog.pg_encoding_to_char(d.encoding) AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'collation' AS name, d.datcollate AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'character_type' AS name, d.datctype AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'database_bytes' AS name, CAST(pg_catalog.pg_database_size(d.oid) AS text) AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'tablespace' AS name, t.spcname AS value
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'is_template' AS name, CASE WHEN d.datistemplate THEN 'on' ELSE 'off' END AS value
FROM pg_catalog.pg_database AS d
WHERE d.datname = :database
UNION ALL
SELECT '' AS path, 'extension.' || e.extname AS name, e.extversion AS value
FROM pg_catalog.pg_extension AS e
UNION ALL
SELECT
    '' AS path,
    'publication.' || p.pubname AS name,
    CASE
        WHEN p.puballtables THEN 'all tables'
        ELSE CAST((SELECT COUNT(*) FROM pg_catalog.pg_publication_rel AS r WHERE r.prpubid = p.oid) AS text) || ' tables'
    END AS value
FROM pg_catalog.pg_publication AS p
UNION ALL
SELECT
    '' AS path,
    'user_mapping.' || m.srvname || '.' || m.usename AS name,
    (SELECT o.option_value FROM pg_catalog.pg_options_to_table(m.umoptions) AS o WHERE o.option_name = 'user') AS value
FROM pg_catalog.pg_user_mappings AS m
UNION ALL
SELECT '' AS path, 'large_objects' AS name, CASE WHEN c.reltuples >= 0 THEN CAST(CAST(c.reltuples AS bigint) AS text) END AS value
FROM pg_catalog.pg_class AS c
WHERE c.oid = CAST('pg_catalog.pg_largeobject_metadata' AS regclass)
UNION ALL
SELECT
    '' AS path,
    'default_privileges.' || pg_catalog.pg_get_userbyid(a.defaclrole) || '.'
    || CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END
    || COALESCE('.' || n.nspname, '') AS name,
    ARRAY_TO_STRING(CAST(a.defaclacl AS text[]), ', ') AS value
FROM pg_catalog.pg_default_acl AS a
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = a.defaclnamespace
