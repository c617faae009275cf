-- Descriptions of tables and the like; the empty path is the schema itself.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/extended-properties-catalog-views-sys-extended-properties
SELECT o.name AS "path", 'comment' AS "name", CAST(e.value AS nvarchar(4000)) AS "value"
FROM sys.extended_properties AS e
JOIN sys.objects AS o ON o.object_id = e.major_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE e.class = 1 AND e.minor_id = 0 AND e.name = 'MS_Description' AND s.name = :schema
UNION ALL
SELECT '' AS "path", 'comment' AS "name", CAST(e.value AS nvarchar(4000)) AS "value"
FROM sys.extended_properties AS e
JOIN sys.schemas AS s ON s.schema_id = e.major_id
WHERE e.class = 3 AND e.name = 'MS_Description' AND s.name = :schema
