-- Other servers that FEDERATED tables refer to by name, and those this one copies from, without their passwords.
SELECT
    '' AS path,
    s.server_name AS part,
    'server_link' AS kind,
    CONCAT(LOWER(s.wrapper), '://', CASE WHEN s.username <> '' THEN CONCAT(s.username, '@') ELSE '' END, s.host, CASE WHEN s.port > 0 THEN CONCAT(':', s.port) ELSE '' END, '/', s.db) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM mysql.servers AS s
UNION ALL
SELECT
    '' AS path,
    CONCAT('replication ', c.channel_name) AS part,
    'server_link' AS kind,
    CONCAT('mysql://', c.user, '@', c.host, ':', c.port) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM performance_schema.replication_connection_configuration AS c
WHERE c.host <> ''
