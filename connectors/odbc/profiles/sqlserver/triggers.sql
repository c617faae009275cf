-- Triggers of tables and views.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-triggers-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-sql-modules-transact-sql
SELECT
    t.name AS "path",
    'trigger' AS "kind",
    'tsql' AS "dialect",
    CASE t.type WHEN 'TA' THEN 'clr' ELSE 'sql' END AS "language",
    o.name AS "on_path",
    m.definition AS "definition"
FROM sys.triggers AS t
JOIN sys.objects AS o ON o.object_id = t.parent_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
LEFT JOIN sys.sql_modules AS m ON m.object_id = t.object_id
WHERE t.parent_class = 1 AND t.is_ms_shipped = 0 AND s.name = :schema
    AND o.name = :object
