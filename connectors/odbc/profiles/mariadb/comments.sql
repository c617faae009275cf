-- Comments on tables; on a view the server writes its state there instead, on a broken one why it is broken.
SELECT
    t.table_name AS path,
    CASE WHEN t.table_type = 'VIEW' THEN 'broken' ELSE 'comment' END AS name,
    t.table_comment AS value
FROM information_schema.tables AS t
WHERE t.table_schema = :database AND t.table_comment <> '' AND t.table_comment <> 'VIEW'
