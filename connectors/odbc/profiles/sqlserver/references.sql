-- What leads out of the database: synonyms, names of other databases and servers in code, and files that code opens in bulk
-- (the first of each text here; the texts themselves are kept whole).
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-synonyms-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-sql-expression-dependencies-transact-sql
SELECT
    n.name AS "path",
    n.name AS "part",
    CASE WHEN PARSENAME(n.base_object_name, 4) IS NOT NULL THEN 'server_link' ELSE 'table' END AS "kind",
    n.base_object_name AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sys.synonyms AS n
JOIN sys.schemas AS s ON s.schema_id = n.schema_id
WHERE s.name = :schema AND PARSENAME(n.base_object_name, 3) IS NOT NULL
UNION ALL
SELECT DISTINCT
    o.name AS "path",
    o.name AS "part",
    CASE WHEN x.referenced_server_name IS NOT NULL THEN 'server_link' ELSE 'table' END AS "kind",
    COALESCE(x.referenced_server_name + '.', '') + COALESCE(x.referenced_database_name, '') + '.' + COALESCE(x.referenced_schema_name, '') + '.' + COALESCE(x.referenced_entity_name, '') AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sys.sql_expression_dependencies AS x
JOIN sys.objects AS o ON o.object_id = x.referencing_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE s.name = :schema AND (x.referenced_server_name IS NOT NULL OR x.referenced_database_name IS NOT NULL)
UNION ALL
SELECT
    o.name AS "path",
    o.name AS "part",
    'path' AS "kind",
    SUBSTRING(
        m.definition,
        CHARINDEX('BULK ''', m.definition) + 6,
        CHARINDEX('''', m.definition, CHARINDEX('BULK ''', m.definition) + 6) - CHARINDEX('BULK ''', m.definition) - 6
    ) AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.object_id = m.object_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE s.name = :schema AND m.definition LIKE '%OPENROWSET(BULK ''%''%'
