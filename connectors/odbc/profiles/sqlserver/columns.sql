-- Columns of tables and views. Numbers of dropped columns stay taken, so places are counted here; -1 is a length without end.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-types-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-default-constraints-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-computed-columns-transact-sql
SELECT
    o.name AS "path",
    c.name AS "name",
    ROW_NUMBER() OVER (PARTITION BY c.object_id ORDER BY c.column_id) AS "position",
    t.name + CASE
        WHEN b.name IN ('varchar', 'nvarchar', 'varbinary') AND c.max_length = -1 AND t.is_user_defined = 0 THEN '(max)'
        WHEN b.name IN ('char', 'varchar', 'binary', 'varbinary') AND t.is_user_defined = 0 THEN '(' + CAST(c.max_length AS nvarchar(10)) + ')'
        WHEN b.name IN ('nchar', 'nvarchar') AND t.is_user_defined = 0 THEN '(' + CAST(c.max_length / 2 AS nvarchar(10)) + ')'
        WHEN b.name IN ('decimal', 'numeric') AND t.is_user_defined = 0 THEN '(' + CAST(c.precision AS nvarchar(10)) + ',' + CAST(c.scale AS nvarchar(10)) + ')'
        WHEN b.name IN ('time', 'datetime2', 'datetimeoffset') AND t.is_user_defined = 0 THEN '(' + CAST(c.scale AS nvarchar(10)) + ')'
        ELSE ''
    END AS "type",
    CASE
        WHEN c.max_length = -1 THEN NULL
        WHEN b.name IN ('char', 'varchar', 'binary', 'varbinary') THEN c.max_length
        WHEN b.name IN ('nchar', 'nvarchar') THEN c.max_length / 2
    END AS "length",
    CASE WHEN b.name IN ('decimal', 'numeric') THEN c.precision WHEN b.name IN ('time', 'datetime2', 'datetimeoffset') THEN c.scale END AS "precision",
    CASE WHEN b.name IN ('decimal', 'numeric') THEN c.scale END AS "scale",
    CAST(c.is_nullable AS int) AS "nullable",
    COALESCE(d.definition, k.definition) AS "default",
    CASE WHEN c.is_computed = 1 OR c.is_identity = 1 OR t.name = 'timestamp' THEN 1 ELSE 0 END AS "generated",
    CASE WHEN c.max_length = -1 OR t.name IN ('text', 'ntext', 'image', 'xml', 'geography', 'geometry') THEN 1 ELSE 0 END AS "lob",
    CASE WHEN c.collation_name <> v.collation_name THEN c.collation_name END AS "collation",
    CAST(e.value AS nvarchar(4000)) AS "comment"
FROM sys.columns AS c
JOIN sys.objects AS o ON o.object_id = c.object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.types AS t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id AND b.is_user_defined = 0
LEFT JOIN sys.databases AS v ON v.name = DB_NAME()
LEFT JOIN sys.default_constraints AS d ON d.parent_object_id = c.object_id AND d.parent_column_id = c.column_id
LEFT JOIN sys.computed_columns AS k ON k.object_id = c.object_id AND k.column_id = c.column_id
LEFT JOIN sys.extended_properties AS e
    ON e.class = 1 AND e.major_id = c.object_id AND e.minor_id = c.column_id AND e.name = 'MS_Description'
WHERE s.name = :schema AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0
    AND o.name = :object
ORDER BY o.name, c.column_id
