-- Linked servers, and those that rows are replicated from, to or through. The provider string may hold a password and is not asked for; a file of Jet or ACE is a path.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-servers-transact-sql
SELECT
    '' AS "path",
    s.name AS "part",
    CASE WHEN s.provider LIKE 'Microsoft.Jet%' OR s.provider LIKE 'Microsoft.ACE%' THEN 'path' ELSE 'server_link' END AS "kind",
    COALESCE(NULLIF(s.data_source, ''), s.name) + COALESCE('/' + NULLIF(s.catalog, ''), '') AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sys.servers AS s
WHERE s.server_id <> 0 AND (s.is_linked = 1 OR s.is_publisher = 1 OR s.is_subscriber = 1 OR s.is_distributor = 1)
