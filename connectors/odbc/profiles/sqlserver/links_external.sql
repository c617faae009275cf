-- External data sources, from SQL Server 2016 on: where PolyBase and elastic queries look.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-external-data-sources-transact-sql
SELECT
    '' AS "path",
    s.name AS "part",
    'url' AS "kind",
    s.location AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sys.external_data_sources AS s
WHERE s.location IS NOT NULL
