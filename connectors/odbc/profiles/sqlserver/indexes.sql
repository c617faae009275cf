-- Indexes that stand behind no key, one row for each of their columns; a columnstore (5 and 6) has none in key order.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-indexes-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-index-columns-transact-sql
SELECT
    o.name AS "path",
    i.name AS "name",
    CASE WHEN i.is_unique = 1 AND i.has_filter = 0 THEN 'unique' ELSE 'index' END AS "kind",
    c.name AS "columns"
FROM sys.indexes AS i
JOIN sys.objects AS o ON o.object_id = i.object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id
JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE
    s.name = :schema
    AND o.type IN ('U', 'V')
    AND o.is_ms_shipped = 0
    AND i.type > 0
    AND i.is_hypothetical = 0
    AND i.is_primary_key = 0
    AND i.is_unique_constraint = 0
    AND (x.key_ordinal > 0 OR i.type IN (3, 4, 5, 6))
    AND o.name = :object
ORDER BY o.name, i.name, x.key_ordinal, x.index_column_id
