-- Jobs of the scheduler, without the server's own.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_SCHEDULER_JOBS.html
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_JOBS.html
SELECT
    j.owner || '.' || j.job_name AS "path",
    'job' AS "kind",
    'oracle' AS "dialect",
    LOWER(j.job_type) AS "language",
    COALESCE(j.job_action, j.program_owner || '.' || j.program_name) AS "definition"
FROM all_scheduler_jobs j
WHERE j.owner NOT IN ('SYS', 'SYSTEM', 'OUTLN', 'DBSNMP', 'XDB', 'CTXSYS', 'MDSYS', 'ORDSYS', 'ORDPLUGINS', 'ORDDATA', 'SI_INFORMTN_SCHEMA', 'WMSYS', 'EXFSYS', 'OLAPSYS', 'ANONYMOUS', 'DIP', 'TSMSYS', 'SYSMAN', 'MGMT_VIEW', 'APPQOSSYS', 'ORACLE_OCM', 'XS$NULL', 'AUDSYS', 'GSMADMIN_INTERNAL', 'LBACSYS', 'DVSYS', 'DVF', 'OJVMSYS', 'REMOTE_SCHEDULER_AGENT', 'DBSFWUSER', 'FLOWS_FILES')
UNION ALL
SELECT
    s.schema_user || '.' || s.job AS "path",
    'job' AS "kind",
    'oracle' AS "dialect",
    CASE s.broken WHEN 'Y' THEN 'plsql, broken' ELSE 'plsql' END AS "language",
    s.what AS "definition"
FROM all_jobs s
