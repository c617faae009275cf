-- How partitioned tables are cut: method and key, and how many parts there are.
SELECT
    p.table_name AS path,
    'partitioning' AS name,
    CONCAT(
        MAX(p.partition_method), ' (', COALESCE(MAX(p.partition_expression), ''), '), ', COUNT(DISTINCT p.partition_name), ' partitions',
        CASE
            WHEN MAX(p.subpartition_method) IS NOT NULL
                THEN CONCAT(', each by ', MAX(p.subpartition_method), ' (', COALESCE(MAX(p.subpartition_expression), ''), ')')
            ELSE ''
        END
    ) AS value
FROM information_schema.partitions AS p
WHERE p.table_schema = :database AND p.partition_name IS NOT NULL
GROUP BY p.table_name
