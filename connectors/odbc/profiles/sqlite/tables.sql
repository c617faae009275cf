-- Tables and views; the file keeps neither sizes nor times of a table.
SELECT
    m.name AS name,
    m.type AS kind,
    CASE WHEN m.sql LIKE 'CREATE VIRTUAL TABLE%' THEN 'virtual' END AS subtype
FROM main.sqlite_master AS m
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
