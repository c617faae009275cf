-- What the server says of itself, of this session, and of the account that asks, which is unknown where that may take on a role;
-- plugins that were added to it by name.
SELECT
    '' AS path,
    LOWER(v.variable_name) AS name,
    v.variable_value AS value
FROM information_schema.global_variables AS v
WHERE v.variable_name IN (
    'VERSION', 'VERSION_COMMENT', 'VERSION_SSL_LIBRARY', 'CHARACTER_SET_SERVER', 'COLLATION_SERVER', 'LOWER_CASE_TABLE_NAMES',
    'SQL_MODE', 'DEFAULT_STORAGE_ENGINE', 'HAVE_SSL', 'REQUIRE_SECURE_TRANSPORT', 'TLS_VERSION', 'INNODB_ENCRYPT_TABLES',
    'LOG_BIN', 'BINLOG_FORMAT', 'TIME_ZONE', 'SYSTEM_TIME_ZONE', 'MAX_CONNECTIONS', 'TX_ISOLATION', 'INNODB_PAGE_SIZE',
    'SKIP_NAME_RESOLVE', 'SKIP_NETWORKING', 'BIND_ADDRESS', 'PORT', 'LOCAL_INFILE', 'SECURE_FILE_PRIV', 'SECURE_AUTH',
    'OLD_PASSWORDS', 'DATADIR', 'READ_ONLY', 'SERVER_ID', 'GTID_DOMAIN_ID', 'LOG_SLAVE_UPDATES', 'EVENT_SCHEDULER',
    'STRICT_PASSWORD_VALIDATION', 'DEFAULT_PASSWORD_LIFETIME', 'WSREP_ON', 'INNODB_FLUSH_LOG_AT_TRX_COMMIT', 'GENERAL_LOG'
)
UNION ALL
SELECT
    '' AS path,
    'tls_session' AS name,
    CASE WHEN s.variable_value <> '' THEN s.variable_value ELSE 'off' END AS value
FROM information_schema.session_status AS s
WHERE s.variable_name = 'SSL_VERSION'
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
        WHEN NOT EXISTS (SELECT 1 FROM information_schema.applicable_roles AS r WHERE r.role_name IS NOT NULL) THEN 'off'
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
