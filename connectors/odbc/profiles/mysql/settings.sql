-- What the server says of itself.
SELECT
    '' AS path,
    LOWER(v.variable_name) AS name,
    v.variable_value AS value
FROM performance_schema.global_variables AS v
WHERE LOWER(v.variable_name) IN (
    'version', 'version_comment', 'character_set_server', 'collation_server', 'lower_case_table_names', 'sql_mode',
    'default_storage_engine', 'have_ssl', 'require_secure_transport', 'default_table_encryption', 'log_bin',
    'binlog_format', 'time_zone', 'max_connections', 'transaction_isolation', 'innodb_page_size'
)
