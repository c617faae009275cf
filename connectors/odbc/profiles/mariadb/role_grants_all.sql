-- What roles may do everywhere, for accounts that may read the server's own tables: no other place tells of a role's.
SELECT
    '' AS path,
    CONCAT('''', u.user, '''@''''') AS grantee,
    CASE WHEN u.user = 'PUBLIC' THEN 'everyone' ELSE 'role' END AS grantee_kind,
    v.`right` AS `right`,
    'allow' AS effect,
    0 AS inherited,
    'sql_grant' AS origin,
    GROUP_CONCAT(v.native ORDER BY v.native SEPARATOR ', ') AS native,
    'both' AS scope,
    v.`condition` AS `condition`
FROM mysql.user AS u
CROSS JOIN (
    SELECT 'SELECT' AS native, 'read' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'SHOW VIEW' AS native, 'read' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'DELETE' AS native, 'delete' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'DROP' AS native, 'delete' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'DELETE HISTORY' AS native, 'delete' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'EXECUTE' AS native, 'execute' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'SHOW DATABASES' AS native, 'list' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'PROCESS' AS native, 'list' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'REFERENCES' AS native, 'list' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE USER' AS native, 'change_permissions' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'GRANT OPTION' AS native, 'change_permissions' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'SUPER' AS native, 'full' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'FILE' AS native, 'read' AS `right`, 'files on the server itself' AS `condition`
    UNION ALL
    SELECT 'REPLICATION SLAVE' AS native, 'read' AS `right`, 'over a replication connection' AS `condition`
    UNION ALL
    SELECT 'REPLICATION CLIENT' AS native, 'read' AS `right`, 'over a replication connection' AS `condition`
    UNION ALL
    SELECT 'INSERT' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'UPDATE' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'ALTER' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'INDEX' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE VIEW' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE ROUTINE' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'ALTER ROUTINE' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'EVENT' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'TRIGGER' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'LOCK TABLES' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'RELOAD' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'SHUTDOWN' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE TABLESPACE' AS native, 'write' AS `right`, NULL AS `condition`
    UNION ALL
    SELECT 'CREATE TEMPORARY TABLES' AS native, 'write' AS `right`, NULL AS `condition`
) AS v
WHERE u.is_role = 'Y' AND u.host = ''
    AND CASE v.native
        WHEN 'SELECT' THEN u.select_priv
        WHEN 'SHOW VIEW' THEN u.show_view_priv
        WHEN 'DELETE' THEN u.delete_priv
        WHEN 'DROP' THEN u.drop_priv
        WHEN 'DELETE HISTORY' THEN u.delete_history_priv
        WHEN 'EXECUTE' THEN u.execute_priv
        WHEN 'SHOW DATABASES' THEN u.show_db_priv
        WHEN 'PROCESS' THEN u.process_priv
        WHEN 'REFERENCES' THEN u.references_priv
        WHEN 'CREATE USER' THEN u.create_user_priv
        WHEN 'GRANT OPTION' THEN u.grant_priv
        WHEN 'SUPER' THEN u.super_priv
        WHEN 'FILE' THEN u.file_priv
        WHEN 'REPLICATION SLAVE' THEN u.repl_slave_priv
        WHEN 'REPLICATION CLIENT' THEN u.repl_client_priv
        WHEN 'INSERT' THEN u.insert_priv
        WHEN 'UPDATE' THEN u.update_priv
        WHEN 'CREATE' THEN u.create_priv
        WHEN 'ALTER' THEN u.alter_priv
        WHEN 'INDEX' THEN u.index_priv
        WHEN 'CREATE VIEW' THEN u.create_view_priv
        WHEN 'CREATE ROUTINE' THEN u.create_routine_priv
        WHEN 'ALTER ROUTINE' THEN u.alter_routine_priv
        WHEN 'EVENT' THEN u.event_priv
        WHEN 'TRIGGER' THEN u.trigger_priv
        WHEN 'LOCK TABLES' THEN u.lock_tables_priv
        WHEN 'RELOAD' THEN u.reload_priv
        WHEN 'SHUTDOWN' THEN u.shutdown_priv
        WHEN 'CREATE TABLESPACE' THEN u.create_tablespace_priv
        WHEN 'CREATE TEMPORARY TABLES' THEN u.create_tmp_table_priv
    END = 'Y'
GROUP BY u.user, v.`right`, v.`condition`
