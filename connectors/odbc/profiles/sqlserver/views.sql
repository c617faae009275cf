-- What views select; NULL where it is encrypted or the account has no VIEW DEFINITION.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-views-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-sql-modules-transact-sql
SELECT
    v.name AS "path",
    CASE WHEN i.object_id IS NOT NULL THEN 'materialized_view' ELSE 'view' END AS "kind",
    'tsql' AS "dialect",
    'sql' AS "language",
    m.definition AS "definition"
FROM sys.views AS v
JOIN sys.schemas AS s ON s.schema_id = v.schema_id
LEFT JOIN sys.sql_modules AS m ON m.object_id = v.object_id
LEFT JOIN sys.indexes AS i ON i.object_id = v.object_id AND i.index_id = 1
WHERE s.name = :schema AND v.is_ms_shipped = 0
    AND v.name = :object
