-- Jobs of SQL Server Agent, a step a piece, and triggers of the server. Disabled jobs say so in their language.
-- https://learn.microsoft.com/sql/relational-databases/system-tables/dbo-sysjobs-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-tables/dbo-sysjobsteps-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-server-triggers-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-server-sql-modules-transact-sql
SELECT
    j.name AS "path",
    'job' AS "kind",
    'tsql' AS "dialect",
    CASE j.enabled WHEN 1 THEN 'agent job' ELSE 'agent job, disabled' END AS "language",
    '-- ' + CAST(s.step_id AS nvarchar(10)) + ': ' + s.step_name + ' (' + s.subsystem + COALESCE(' in ' + s.database_name, '') + ')' + NCHAR(10) + COALESCE(s.command, '') + NCHAR(10) AS "definition",
    s.step_id AS "place"
FROM msdb.dbo.sysjobs AS j
LEFT JOIN msdb.dbo.sysjobsteps AS s ON s.job_id = j.job_id
UNION ALL
SELECT
    t.name AS "path",
    'trigger' AS "kind",
    'tsql' AS "dialect",
    'sql' AS "language",
    m.definition AS "definition",
    0 AS "place"
FROM sys.server_triggers AS t
LEFT JOIN sys.server_sql_modules AS m ON m.object_id = t.object_id
WHERE t.is_ms_shipped = 0
ORDER BY "kind", "path", "place"
