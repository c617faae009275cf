-- The statements that made the views.
SELECT
    m.name AS path,
    'view' AS kind,
    'sqlite' AS dialect,
    'sql' AS language,
    m.sql AS definition
FROM main.sqlite_master AS m
WHERE m.type = 'view'
