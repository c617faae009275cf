-- Primary and unique keys, one row for each of their columns.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-key-constraints-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-index-columns-transact-sql
SELECT
    o.name AS "path",
    k.name AS "name",
    CASE k.type WHEN 'PK' THEN 'primary' ELSE 'unique' END AS "kind",
    c.name AS "columns"
FROM sys.key_constraints AS k
JOIN sys.objects AS o ON o.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.index_columns AS x ON x.object_id = k.parent_object_id AND x.index_id = k.unique_index_id
JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE s.name = :schema AND o.type = 'U' AND x.key_ordinal > 0
ORDER BY o.name, k.name, x.key_ordinal
