-- Primary and unique keys and indexes, one row for each of their columns, or for an expression from version 8.0.13.
SELECT
    s.table_name AS path,
    s.index_name AS name,
    CASE WHEN s.index_name = 'PRIMARY' THEN 'primary' WHEN s.non_unique = 0 AND s.expression IS NULL THEN 'unique' ELSE 'index' END AS kind,
    COALESCE(s.column_name, s.expression) AS columns
FROM information_schema.statistics AS s
WHERE s.table_schema = :database
ORDER BY s.table_name, s.index_name, s.seq_in_index
