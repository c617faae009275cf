-- Unique keys and indexes, one row for each of their columns; the catalog shows no more of an expression than that it is one.
SELECT
    m.name AS path,
    i.name AS name,
    CASE WHEN i."unique" AND NOT i.partial THEN 'unique' ELSE 'index' END AS kind,
    COALESCE(x.name, '(expression)') AS columns
FROM main.sqlite_master AS m
JOIN pragma_index_list(m.name, 'main') AS i
JOIN pragma_index_xinfo(i.name, 'main') AS x
WHERE
    m.type = 'table'
    AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%'
    AND i.origin <> 'pk'
    AND x."key"
   
    AND m.name = :object
ORDER BY m.name, i.name, x.seqno
