-- What the server says of itself.
SELECT
    '' AS path,
    s.name AS name,
    s.setting AS value
FROM pg_catalog.pg_settings AS s
WHERE s.name IN (
    'server_version', 'server_version_num', 'ssl', 'password_encryption', 'data_checksums', 'wal_level', 'block_size',
    'max_connections', 'TimeZone', 'default_transaction_isolation', 'archive_mode'
)
