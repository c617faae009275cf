-- Databases of the server, without its own and without snapshots. One that is offline stands here too: opening it fails.
-- Times are the server's own; its distance from UTC today is taken off, which is an hour out for the other half of the year.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-databases-transact-sql
SELECT
    d.name AS "name",
    'database' AS "kind",
    SUSER_SNAME(d.owner_sid) AS "owner",
    (CAST(DATEDIFF(MINUTE, '19700101', d.create_date) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "created",
    d.state_desc AS "subtype"
FROM sys.databases AS d
WHERE d.name NOT IN ('master', 'model', 'msdb', 'tempdb') AND d.source_database_id IS NULL
ORDER BY d.name
