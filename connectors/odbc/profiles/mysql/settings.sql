-- What the server says of itself, of this session, and of the account that asks; plugins that were added to it by name.
SELECT
    '' AS path,
    LOWER(v.variable_name) AS name,
    v.variable_value AS value
FROM performance_schema.global_variables AS v
WHERE LOWER(v.variable_name) IN (
    'version', 'version_comment', 'character_set_server', 'collation_server', 'lower_case_table_names', 'sql_mode',
    'default_storage_engine', 'have_ssl', 'require_secure_transport', 'tls_version', 'default_table_encryption', 'log_bin',
    'binlog_format', 'time_zone', 'system_time_zone', 'max_connections', 'transaction_isolation', 'innodb_page_size',
    'skip_name_resolve', 'skip_networking', 'bind_address', 'port', 'local_infile', 'secure_file_priv', 'datadir', 'read_only',
    'super_read_only', 'server_id', 'server_uuid', 'gtid_mode', 'event_scheduler', 'default_authentication_plugin',
    'authentication_policy', 'default_password_lifetime', 'partial_revokes', 'general_log'
)
UNION ALL
SELECT
    '' AS path,
    'tls_session' AS name,
    CASE WHEN s.variable_value <> '' THEN s.variable_value ELSE 'off' END AS value
FROM performance_schema.session_status AS s
WHERE LOWER(s.variable_name) = 'ssl_version'
UNION ALL
SELECT '' AS path, CONCAT('plugin.', LOWER(p.plugin_name)) AS name, CONCAT(p.plugin_version, ' ', LOWER(p.plugin_status), ', ', LOWER(p.plugin_type)) AS value
FROM information_schema.plugins AS p
WHERE p.plugin_library IS NOT NULL
UNION ALL
SELECT '' AS path, 'scan_account' AS name, CURRENT_USER() AS value
UNION ALL
SELECT
    '' AS path,
    a.name AS name,
    CASE
        WHEN EXISTS (
            SELECT 1
            FROM information_schema.user_privileges AS u
            WHERE u.grantee = CONCAT(
                '''', LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1),
                '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), ''''
            ) AND FIND_IN_SET(u.privilege_type, a.privileges) > 0
        ) THEN 'on'
        ELSE 'off'
    END AS value
FROM (
    SELECT 'scan_account_superuser' AS name, 'SUPER' AS privileges
    UNION ALL
    SELECT 'scan_account_creates_roles' AS name, 'CREATE USER' AS privileges
    UNION ALL
    SELECT 'scan_account_writes_everything' AS name, 'INSERT,UPDATE,DELETE,CREATE,ALTER,DROP' AS privileges
    UNION ALL
    SELECT 'scan_account_reads_files' AS name, 'FILE' AS privileges
) AS a
