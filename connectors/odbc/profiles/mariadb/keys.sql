-- Primary and unique keys and indexes, one row for each of their columns.
SELECT
    s.table_name AS path,
    s.index_name AS name,
    CASE WHEN s.index_name = 'PRIMARY' THEN 'primary' WHEN s.non_unique = 0 THEN 'unique' ELSE 'index' END AS kind,
    s.column_name AS columns
FROM information_schema.statistics AS s
WHERE s.table_schema = :database
ORDER BY s.table_name, s.index_name, s.seq_in_index
