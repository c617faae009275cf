-- Databases of the server, but for the two it makes new ones from.
SELECT
    d.datname AS name,
    'database' AS kind,
    pg_catalog.pg_get_userbyid(d.datdba) AS owner
FROM pg_catalog.pg_database AS d
WHERE d.datname NOT IN ('template0', 'template1')
ORDER BY d.datname
