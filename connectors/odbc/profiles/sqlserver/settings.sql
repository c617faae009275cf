-- What the server says of itself; of its options those that let code out of it, or strangers in.
-- https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql
-- https://learn.microsoft.com/sql/t-sql/functions/connectionproperty-transact-sql
-- https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-configurations-transact-sql
SELECT '' AS "path", 'server_version' AS "name", CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'product_level' AS "name", CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'edition' AS "name", CAST(SERVERPROPERTY('Edition') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'engine_edition' AS "name", CAST(SERVERPROPERTY('EngineEdition') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'collation' AS "name", CAST(SERVERPROPERTY('Collation') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'machine_name' AS "name", CAST(SERVERPROPERTY('MachineName') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'instance_name' AS "name", CAST(SERVERPROPERTY('InstanceName') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'is_clustered' AS "name", CAST(SERVERPROPERTY('IsClustered') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'is_integrated_security_only' AS "name", CAST(SERVERPROPERTY('IsIntegratedSecurityOnly') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'is_full_text_installed' AS "name", CAST(SERVERPROPERTY('IsFullTextInstalled') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'connection_transport' AS "name", CAST(CONNECTIONPROPERTY('net_transport') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT '' AS "path", 'connection_auth_scheme' AS "name", CAST(CONNECTIONPROPERTY('auth_scheme') AS nvarchar(4000)) AS "value"
UNION ALL
SELECT
    '' AS "path",
    REPLACE(REPLACE(REPLACE(LOWER(c.name), ' ', '_'), '(', ''), ')', '') AS "name",
    CAST(c.value_in_use AS nvarchar(4000)) AS "value"
FROM sys.configurations AS c
WHERE c.name IN (
    'xp_cmdshell', 'clr enabled', 'Ad Hoc Distributed Queries', 'Ole Automation Procedures', 'Database Mail XPs', 'remote access',
    'remote admin connections', 'cross db ownership chaining', 'contained database authentication', 'external scripts enabled',
    'Agent XPs', 'max server memory (MB)', 'filestream access level', 'default trace enabled', 'c2 audit mode'
)
