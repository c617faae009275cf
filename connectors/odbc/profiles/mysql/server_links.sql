-- The servers this one copies from; their passwords are kept elsewhere.
SELECT
    '' AS path,
    CONCAT('replication ', c.channel_name) AS part,
    'server_link' AS kind,
    CONCAT('mysql://', c.user, '@', c.host, ':', c.port) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM performance_schema.replication_connection_configuration AS c
WHERE c.host <> ''
