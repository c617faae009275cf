-- How tables are divided: in what way, by which column, into how many parts.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_PART_TABLES.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_PART_KEY_COLUMNS.html
SELECT p.table_name AS "path", 'partition_method' AS "name", LOWER(p.partitioning_type) AS "value"
FROM all_part_tables p
WHERE p.owner = :schema AND p.table_name NOT LIKE 'BIN$%'
UNION ALL
SELECT p.table_name AS "path", 'partitions' AS "name", TO_CHAR(p.partition_count) AS "value"
FROM all_part_tables p
WHERE p.owner = :schema AND p.table_name NOT LIKE 'BIN$%' AND p.partition_count < 1048575
UNION ALL
SELECT k.name AS "path", 'partition_key' AS "name", k.column_name AS "value"
FROM all_part_key_columns k
WHERE k.owner = :schema AND k.object_type = 'TABLE' AND k.column_position = 1 AND k.name NOT LIKE 'BIN$%'
