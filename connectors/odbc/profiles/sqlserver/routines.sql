-- Procedures and functions; those of an assembly say which class and method they call.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-sql-modules-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-assembly-modules-transact-sql
SELECT
    o.name AS "path",
    CASE WHEN o.type IN ('P', 'PC', 'X', 'RF') THEN 'procedure' ELSE 'function' END AS "kind",
    'tsql' AS "dialect",
    CASE WHEN a.object_id IS NOT NULL THEN 'clr' WHEN o.type = 'X' THEN 'c' ELSE 'sql' END AS "language",
    COALESCE(m.definition, y.name + '!' + a.assembly_class + COALESCE('.' + a.assembly_method, '')) AS "definition"
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id
LEFT JOIN sys.assembly_modules AS a ON a.object_id = o.object_id
LEFT JOIN sys.assemblies AS y ON y.assembly_id = a.assembly_id
WHERE s.name = :schema AND o.is_ms_shipped = 0 AND o.type IN ('P', 'PC', 'X', 'RF', 'FN', 'IF', 'TF', 'FS', 'FT', 'AF')
