-- Databases of the server; templates are no place for data.
SELECT
    d.datname AS name,
    'database' AS kind,
    pg_catalog.pg_get_userbyid(d.datdba) AS owner
FROM pg_catalog.pg_database AS d
WHERE NOT d.datistemplate
ORDER BY d.datname
