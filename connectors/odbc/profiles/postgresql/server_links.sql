-- The servers this one copies from and to, as far as the account may see them; passwords are cut out before anything is kept.
SELECT
    '' AS path,
    s.name AS part,
    'server_link' AS kind,
    s.setting AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM pg_catalog.pg_settings AS s
WHERE s.name = 'primary_conninfo' AND s.setting <> ''
UNION ALL
SELECT
    '' AS path,
    r.application_name AS part,
    'server_link' AS kind,
    'host=' || pg_catalog.host(r.client_addr) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM pg_catalog.pg_stat_replication AS r
WHERE r.client_addr IS NOT NULL
