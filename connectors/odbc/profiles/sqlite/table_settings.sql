-- Indexes that are more than a list of columns, by the statement that made them; tables without a row number of their own.
SELECT
    m.tbl_name AS path,
    'index.' || m.name AS name,
    CASE WHEN i."unique" THEN 'unique ' ELSE '' END || CASE WHEN i.partial THEN 'partial ' ELSE 'expression ' END || m.sql AS value
FROM main.sqlite_master AS m
JOIN pragma_index_list(m.tbl_name, 'main') AS i ON i.name = m.name
WHERE m.type = 'index' AND m.sql IS NOT NULL
    AND (i.partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(m.name, 'main') AS x WHERE x.cid = -2 AND x."key"))
    AND m.tbl_name = :object
