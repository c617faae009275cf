-- What the server says of itself, of this session, and of the account that asks, as itself or as any role it may take on;
-- a setting it hides is left out.
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
FROM (
    SELECT
        BOOL_OR(m.rolsuper) AS superuser,
        BOOL_OR(m.rolcreaterole) AS creates_roles,
        BOOL_OR(m.rolcreatedb) AS creates_databases,
        BOOL_OR(m.rolreplication) AS replicates,
        BOOL_OR(m.rolbypassrls) AS bypasses,
        BOOL_OR(m.rolname = 'pg_write_all_data') AS writes
    FROM pg_catalog.pg_roles AS m
    WHERE pg_catalog.pg_has_role(SESSION_USER, m.oid, 'MEMBER')
) AS r
CROSS JOIN LATERAL (
    SELECT 'scan_account_superuser' AS name, r.superuser AS value
    UNION ALL
    SELECT 'scan_account_creates_roles' AS name, r.creates_roles AS value
    UNION ALL
    SELECT 'scan_account_creates_databases' AS name, r.creates_databases AS value
    UNION ALL
    SELECT 'scan_account_replicates' AS name, r.replicates AS value
    UNION ALL
    SELECT 'scan_account_bypasses_row_security' AS name, r.bypasses AS value
    UNION ALL
    SELECT 'scan_account_writes_everything' AS name, r.writes AS value
) AS u
UNION ALL
SELECT '' AS path, 'scan_account' AS name, CAST(SESSION_USER AS text) AS value
