-- Schemas, without the server's own: those of the fixed roles have numbers from 16384 on; guest's only where it holds something.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/schemas-catalog-views-sys-schemas
SELECT
    s.name AS "name",
    'schema' AS "kind",
    p.name AS "owner"
FROM sys.schemas AS s
LEFT JOIN sys.database_principals AS p ON p.principal_id = s.principal_id
WHERE
    s.name NOT IN ('sys', 'INFORMATION_SCHEMA')
    AND s.schema_id < 16384
    AND (s.name <> 'guest' OR EXISTS (SELECT 1 AS held FROM sys.objects AS o WHERE o.schema_id = s.schema_id))
ORDER BY s.name
