-- What a database says of itself, and where its files lie.
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-databases-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-database-files-transact-sql
SELECT
    '' AS "path",
    n.name AS "name",
    CASE n.name
        WHEN 'collation' THEN d.collation_name
        WHEN 'compatibility_level' THEN CAST(d.compatibility_level AS nvarchar(10))
        WHEN 'recovery_model' THEN d.recovery_model_desc
        WHEN 'state' THEN d.state_desc
        WHEN 'user_access' THEN d.user_access_desc
        WHEN 'page_verify' THEN d.page_verify_option_desc
        WHEN 'is_read_only' THEN CAST(d.is_read_only AS nvarchar(10))
        WHEN 'is_encrypted' THEN CAST(d.is_encrypted AS nvarchar(10))
        WHEN 'is_trustworthy' THEN CAST(d.is_trustworthy_on AS nvarchar(10))
        WHEN 'is_db_chaining' THEN CAST(d.is_db_chaining_on AS nvarchar(10))
        WHEN 'is_cdc_enabled' THEN CAST(d.is_cdc_enabled AS nvarchar(10))
        WHEN 'is_published' THEN CAST(d.is_published AS nvarchar(10))
        WHEN 'is_broker_enabled' THEN CAST(d.is_broker_enabled AS nvarchar(10))
        WHEN 'is_auto_close' THEN CAST(d.is_auto_close_on AS nvarchar(10))
        WHEN 'is_auto_shrink' THEN CAST(d.is_auto_shrink_on AS nvarchar(10))
        WHEN 'is_read_committed_snapshot' THEN CAST(d.is_read_committed_snapshot_on AS nvarchar(10))
        WHEN 'snapshot_isolation' THEN d.snapshot_isolation_state_desc
    END AS "value"
FROM sys.databases AS d
CROSS JOIN (
    SELECT 'collation' AS name UNION ALL SELECT 'compatibility_level' AS name UNION ALL SELECT 'recovery_model' AS name
    UNION ALL SELECT 'state' AS name UNION ALL SELECT 'user_access' AS name UNION ALL SELECT 'page_verify' AS name
    UNION ALL SELECT 'is_read_only' AS name UNION ALL SELECT 'is_encrypted' AS name UNION ALL SELECT 'is_trustworthy' AS name
    UNION ALL SELECT 'is_db_chaining' AS name UNION ALL SELECT 'is_cdc_enabled' AS name UNION ALL SELECT 'is_published' AS name
    UNION ALL SELECT 'is_broker_enabled' AS name UNION ALL SELECT 'is_auto_close' AS name UNION ALL SELECT 'is_auto_shrink' AS name
    UNION ALL SELECT 'is_read_committed_snapshot' AS name UNION ALL SELECT 'snapshot_isolation' AS name
) AS n
WHERE d.name = DB_NAME()
UNION ALL
SELECT '' AS "path", 'database_bytes' AS "name", CAST(SUM(CAST(f.size AS bigint)) * 8192 AS nvarchar(30)) AS "value"
FROM sys.database_files AS f
UNION ALL
SELECT '' AS "path", 'file.' + f.name AS "name", f.physical_name AS "value"
FROM sys.database_files AS f
