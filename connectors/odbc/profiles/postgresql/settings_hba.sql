-- The same, and the rules by which logins are admitted, without their options: those may hold a password.
SELECT
    '' AS path,
    LOWER(s.name) AS name,
    s.setting AS value
FROM pg_catalog.pg_settings AS s
WHERE s.name IN (
    'server_version', 'server_version_num', 'server_encoding', 'ssl', 'ssl_min_protocol_version', 'password_encryption',
    'data_checksums', 'data_directory', 'wal_level', 'max_wal_senders', 'hot_standby', 'synchronous_commit', 'block_size',
    'max_connections', 'TimeZone', 'default_transaction_isolation', 'archive_mode', 'listen_addresses', 'port', 'log_statement',
    'log_connections', 'shared_preload_libraries', 'row_security', 'krb_server_keyfile', 'max_prepared_transactions'
)
UNION ALL
SELECT '' AS path, 'version' AS name, pg_catalog.version() AS value
UNION ALL
SELECT
    '' AS path,
    'replication_role' AS name,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS value
UNION ALL
SELECT
    '' AS path,
    'tls_session' AS name,
    CASE WHEN t.ssl THEN t.version || ' ' || t.cipher ELSE 'off' END AS value
FROM pg_catalog.pg_stat_ssl AS t
WHERE t.pid = pg_catalog.pg_backend_pid()
UNION ALL
SELECT
    '' AS path,
    u.name AS name,
    CASE WHEN u.value THEN 'on' ELSE 'off' END AS value
FROM pg_catalog.pg_roles AS r
CROSS JOIN LATERAL (
    SELECT 'scan_account_superuser' AS name, r.rolsuper AS value
    UNION ALL
    SELECT 'scan_account_creates_roles' AS name, r.rolcreaterole AS value
    UNION ALL
    SELECT 'scan_account_creates_databases' AS name, r.rolcreatedb AS value
    UNION ALL
    SELECT 'scan_account_replicates' AS name, r.rolreplication AS value
    UNION ALL
    SELECT 'scan_account_bypasses_row_security' AS name, r.rolbypassrls AS value
    UNION ALL
    SELECT 'scan_account_writes_everything' AS name, EXISTS (
        SELECT 1
        FROM pg_catalog.pg_roles AS w
        WHERE w.rolname = 'pg_write_all_data' AND pg_catalog.pg_has_role(r.oid, w.oid, 'USAGE')
    ) AS value
) AS u
WHERE r.rolname = SESSION_USER
UNION ALL
SELECT '' AS path, 'scan_account' AS name, CAST(SESSION_USER AS text) AS value
UNION ALL
SELECT
    '' AS path,
    'hba_line_' || LPAD(CAST(h.line_number AS text), 4, '0') AS name,
    COALESCE(
        'invalid: ' || h.error,
        ARRAY_TO_STRING(
            ARRAY[
                h.type, ARRAY_TO_STRING(h.database, ','), ARRAY_TO_STRING(h.user_name, ','), h.address, h.netmask,
                h.auth_method
            ],
            ' '
        )
    ) AS value
FROM pg_catalog.pg_hba_file_rules AS h
