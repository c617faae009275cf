-- Tables and views, with the rows ANALYZE counted last.
SELECT
    m.name AS name,
    m.type AS kind,
    s.counted AS rows,
    CASE WHEN m.sql LIKE 'CREATE VIRTUAL TABLE%' THEN 'virtual' END AS subtype
FROM main.sqlite_master AS m
LEFT JOIN (
    SELECT t.tbl AS tbl, MAX(CAST(t.stat AS INTEGER)) AS counted
    FROM main.sqlite_stat1 AS t
    GROUP BY t.tbl
) AS s ON s.tbl = m.name
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
