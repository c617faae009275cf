-- Triggers of the database itself, on the definition of things.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-triggers-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-sql-modules-transact-sql
SELECT
    t.name AS "path",
    'trigger' AS "kind",
    'tsql' AS "dialect",
    'sql' AS "language",
    m.definition AS "definition"
FROM sys.triggers AS t
LEFT JOIN sys.sql_modules AS m ON m.object_id = t.object_id
WHERE t.parent_class = 0 AND t.is_ms_shipped = 0
