-- Foreign keys, one row for each of their columns; they may refer to another database. The LIMIT, and names compared twice,
-- are for speed and for twins by case, as for columns.
SELECT
    k.table_name AS path,
    k.constraint_name AS name,
    'foreign' AS kind,
    k.column_name AS columns,
    k.referenced_table_name AS ref_path,
    k.referenced_table_schema AS ref_database,
    k.referenced_column_name AS ref_columns,
    r.delete_rule AS on_delete,
    r.update_rule AS on_update
FROM information_schema.key_column_usage AS k
LEFT JOIN (
    SELECT
        i.table_name AS table_name,
        i.constraint_name AS constraint_name,
        i.delete_rule AS delete_rule,
        i.update_rule AS update_rule
    FROM information_schema.referential_constraints AS i
    WHERE i.constraint_schema = :database
    LIMIT 18446744073709551615
) AS r
    ON r.table_name = k.table_name
    AND r.constraint_name = k.constraint_name
    AND BINARY r.table_name = BINARY k.table_name
    AND BINARY r.constraint_name = BINARY k.constraint_name
WHERE k.table_schema = :database AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
