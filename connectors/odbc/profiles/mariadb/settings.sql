-- What the server says of itself.
SELECT
    '' AS path,
    LOWER(v.variable_name) AS name,
    v.variable_value AS value
FROM information_schema.global_variables AS v
WHERE v.variable_name IN (
    'VERSION', 'VERSION_COMMENT', 'CHARACTER_SET_SERVER', 'COLLATION_SERVER', 'LOWER_CASE_TABLE_NAMES', 'SQL_MODE',
    'DEFAULT_STORAGE_ENGINE', 'HAVE_SSL', 'REQUIRE_SECURE_TRANSPORT', 'INNODB_ENCRYPT_TABLES', 'LOG_BIN', 'BINLOG_FORMAT',
    'TIME_ZONE', 'MAX_CONNECTIONS', 'TX_ISOLATION', 'INNODB_PAGE_SIZE'
)
