-- What leads elsewhere: synonyms and code over a link, and the files behind external tables.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_SYNONYMS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_DEPENDENCIES.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_EXTERNAL_LOCATIONS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_DIRECTORIES.html
SELECT
    s.synonym_name AS "path",
    s.synonym_name AS "part",
    'server_link' AS "kind",
    CASE WHEN s.table_owner IS NOT NULL THEN s.table_owner || '.' END || s.table_name || '@' || s.db_link AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM all_synonyms s
WHERE s.owner = :schema AND s.db_link IS NOT NULL
UNION ALL
SELECT DISTINCT
    d.name AS "path",
    d.referenced_link_name AS "part",
    'server_link' AS "kind",
    CASE WHEN d.referenced_owner IS NOT NULL THEN d.referenced_owner || '.' END || d.referenced_name || '@' || d.referenced_link_name AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM all_dependencies d
WHERE d.owner = :schema AND d.referenced_link_name IS NOT NULL AND d.type <> 'SYNONYM'
UNION ALL
SELECT
    x.table_name AS "path",
    x.directory_name AS "part",
    'path' AS "kind",
    CASE WHEN p.directory_path IS NOT NULL THEN p.directory_path || '/' END || x.location AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM all_external_locations x
LEFT JOIN all_directories p ON p.directory_name = x.directory_name
WHERE x.owner = :schema AND x.location IS NOT NULL
