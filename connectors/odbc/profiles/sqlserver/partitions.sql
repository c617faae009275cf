-- How tables are divided: by which column, by which scheme, into how many parts.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-partition-schemes-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-partition-functions-transact-sql
SELECT
    o.name AS "path",
    n.name AS "name",
    CASE n.name
        WHEN 'partition_key' THEN c.name
        WHEN 'partition_scheme' THEN d.name
        WHEN 'partition_function' THEN f.name
        WHEN 'partitions' THEN CAST(f.fanout AS nvarchar(10))
    END AS "value"
FROM sys.indexes AS i
JOIN sys.objects AS o ON o.object_id = i.object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.partition_schemes AS d ON d.data_space_id = i.data_space_id
JOIN sys.partition_functions AS f ON f.function_id = d.function_id
JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.partition_ordinal = 1
JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
CROSS JOIN (
    SELECT 'partition_key' AS name UNION ALL SELECT 'partition_scheme' AS name
    UNION ALL SELECT 'partition_function' AS name UNION ALL SELECT 'partitions' AS name
) AS n
WHERE s.name = :schema AND i.index_id IN (0, 1)
