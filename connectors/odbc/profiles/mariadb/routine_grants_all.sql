-- Rights on single routines, for accounts that may read the server's own tables.
SELECT
    r.routine_name AS path,
    CONCAT('''', r.user, '''@''', r.host, '''') AS grantee,
    CASE WHEN r.user = '' OR r.user = 'PUBLIC' AND r.host = '' THEN 'everyone' WHEN r.host = '' THEN 'role' ELSE 'user' END AS grantee_kind,
    v.`right` AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    v.native AS native,
    'this' AS scope
FROM mysql.procs_priv AS r
JOIN (
    SELECT 'execute' AS `right`, 'EXECUTE' AS native, 'Execute' AS part
    UNION ALL
    SELECT 'write' AS `right`, 'ALTER ROUTINE' AS native, 'Alter Routine' AS part
    UNION ALL
    SELECT 'change_permissions' AS `right`, 'GRANT OPTION' AS native, 'Grant' AS part
) AS v ON FIND_IN_SET(v.part, r.proc_priv) > 0
WHERE r.db = :database
