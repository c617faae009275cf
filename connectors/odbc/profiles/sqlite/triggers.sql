-- The statements that made the triggers.
SELECT
    m.name AS path,
    'trigger' AS kind,
    'sqlite' AS dialect,
    'sql' AS language,
    m.tbl_name AS on_path,
    m.sql AS definition
FROM main.sqlite_master AS m
WHERE m.type = 'trigger'
