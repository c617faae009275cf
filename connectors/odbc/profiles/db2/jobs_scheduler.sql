-- Tasks of the administrative task scheduler.
-- https://www.ibm.com/docs/en/db2/11.5?topic=views-admin-task-list
SELECT
    t.NAME AS "path",
    'job' AS "kind",
    'db2' AS "dialect",
    'call' AS "language",
    t.PROCEDURE_SCHEMA || '.' || t.PROCEDURE_NAME || ' (' || COALESCE(t.SCHEDULE, '') || ')' AS "definition"
FROM SYSTOOLS.ADMIN_TASK_LIST AS t
