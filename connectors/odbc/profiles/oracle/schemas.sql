-- Accounts that hold something the scanning account can see, without the server's own.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_USERS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_OBJECTS.html
SELECT u.username AS "name", 'schema' AS "kind", u.username AS "owner"
FROM all_users u
WHERE u.username NOT IN ('SYS', 'SYSTEM', 'OUTLN', 'DBSNMP', 'XDB', 'CTXSYS', 'MDSYS', 'ORDSYS', 'ORDPLUGINS', 'ORDDATA', 'SI_INFORMTN_SCHEMA', 'WMSYS', 'EXFSYS', 'OLAPSYS', 'ANONYMOUS', 'DIP', 'TSMSYS', 'SYSMAN', 'MGMT_VIEW', 'APPQOSSYS', 'ORACLE_OCM', 'XS$NULL', 'AUDSYS', 'GSMADMIN_INTERNAL', 'LBACSYS', 'DVSYS', 'DVF', 'OJVMSYS', 'REMOTE_SCHEDULER_AGENT', 'DBSFWUSER', 'FLOWS_FILES') AND u.username NOT LIKE 'APEX%' AND EXISTS (SELECT 1 AS held FROM all_objects o WHERE o.owner = u.username)
ORDER BY u.username
