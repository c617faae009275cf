-- Databases and users, which are databases with a password; those without space and without a table are accounts alone.
-- Times are UTC where the server keeps them so, as it does unless it was told otherwise.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, DatabasesV
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, TablesV
SELECT
    d.DatabaseName AS "name",
    'database' AS "kind",
    d.OwnerName AS "owner",
    (CAST(CAST(d.CreateTimeStamp AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400 + EXTRACT(HOUR FROM d.CreateTimeStamp) * 3600 + EXTRACT(MINUTE FROM d.CreateTimeStamp) * 60 + CAST(EXTRACT(SECOND FROM d.CreateTimeStamp) AS BIGINT)) * 1000000 AS "created",
    CASE d.DBKind WHEN 'U' THEN 'user' END AS "subtype"
FROM DBC.DatabasesV AS d
WHERE
    d.DatabaseName NOT IN ('All', 'Crashdumps', 'DBC', 'DBCMNGR', 'Default', 'EXTUSER', 'External_AP', 'LockLogShredder', 'mldb', 'PDCRADM', 'PUBLIC', 'SAS_SYSFNLIB', 'SQLJ', 'SYSBAR', 'SYSJDBC', 'SYSLIB', 'SYSSPATIAL', 'SYSUDTLIB', 'SYSUIF', 'Sys_Calendar', 'SysAdmin', 'SystemFe', 'TDBCMgmt', 'TDMaps', 'TDPUSER', 'TDQCD', 'TDStats', 'TD_ANALYTICS_DB', 'TD_DATASHARING_REPO', 'TD_SERVER_DB', 'TD_SYSFNLIB', 'TD_SYSGPL', 'TD_SYSXML', 'tdwm', 'console', 'viewpoint', 'dbcmngr')
    AND (d.PermSpace > 0 OR EXISTS (SELECT 1 AS held FROM DBC.TablesV AS t WHERE t.DatabaseName = d.DatabaseName))
ORDER BY d.DatabaseName
