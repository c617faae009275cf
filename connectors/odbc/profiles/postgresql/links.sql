-- Other servers the database knows, by the options that say where they are: any other may be a password.
SELECT
    '' AS path,
    f.srvname AS part,
    'server_link' AS kind,
    COALESCE(STRING_AGG(o.option_name || '=' || o.option_value, ';' ORDER BY o.option_name), w.fdwname) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM pg_catalog.pg_foreign_server AS f
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = f.srvfdw
LEFT JOIN LATERAL pg_catalog.pg_options_to_table(f.srvoptions) AS o
    ON o.option_name IN (
        'host', 'hostaddr', 'port', 'dbname', 'servername', 'database', 'server', 'dbserver', 'address', 'service', 'dsn', 'driver',
        'odbc_database', 'url', 'jdbcurl', 'filename', 'svr_address', 'svr_port', 'svr_database', 'region', 'endpoint'
    )
GROUP BY f.oid, f.srvname, w.fdwname
