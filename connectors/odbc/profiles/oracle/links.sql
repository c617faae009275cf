-- Links to other databases, and the folders of the server that code and tables may read and write.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_DB_LINKS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_DIRECTORIES.html
SELECT
    '' AS "path",
    l.db_link AS "part",
    'server_link' AS "kind",
    COALESCE(l.host, l.db_link) AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM all_db_links l
UNION ALL
SELECT
    '' AS "path",
    d.directory_name AS "part",
    'path' AS "kind",
    d.directory_path AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM all_directories d
WHERE d.directory_path IS NOT NULL
