-- Foreign keys, one row for each of their columns; they stay within a database.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-foreign-keys-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-foreign-key-columns-transact-sql
SELECT
    o.name AS "path",
    f.name AS "name",
    'foreign' AS "kind",
    c.name AS "columns",
    r.name AS "ref_path",
    z.name AS "ref_schema",
    d.name AS "ref_columns",
    REPLACE(f.delete_referential_action_desc, '_', ' ') AS "on_delete",
    REPLACE(f.update_referential_action_desc, '_', ' ') AS "on_update"
FROM sys.foreign_keys AS f
JOIN sys.objects AS o ON o.object_id = f.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
JOIN sys.foreign_key_columns AS x ON x.constraint_object_id = f.object_id
JOIN sys.columns AS c ON c.object_id = x.parent_object_id AND c.column_id = x.parent_column_id
LEFT JOIN sys.objects AS r ON r.object_id = f.referenced_object_id
LEFT JOIN sys.schemas AS z ON z.schema_id = r.schema_id
LEFT JOIN sys.columns AS d ON d.object_id = x.referenced_object_id AND d.column_id = x.referenced_column_id
WHERE s.name = :schema
ORDER BY o.name, f.name, x.constraint_column_id
