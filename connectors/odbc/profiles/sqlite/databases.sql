-- The one database of the file.
SELECT
    d.name AS name,
    'database' AS kind
FROM pragma_database_list AS d
WHERE d.name = 'main'
