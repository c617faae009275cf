-- Comments on tables; a view has none, and says 'VIEW' there.
SELECT
    t.table_name AS path,
    'comment' AS name,
    t.table_comment AS value
FROM information_schema.tables AS t
WHERE t.table_schema = :database AND t.table_comment <> '' AND t.table_type <> 'VIEW'
