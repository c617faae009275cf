-- Other servers that FEDERATED and Spider tables refer to by name; their passwords are not asked for.
SELECT
    '' AS path,
    s.server_name AS part,
    'server_link' AS kind,
    CONCAT(LOWER(s.wrapper), '://', CASE WHEN s.username <> '' THEN CONCAT(s.username, '@') ELSE '' END, s.host, CASE WHEN s.port > 0 THEN CONCAT(':', s.port) ELSE '' END, '/', s.db) AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM mysql.servers AS s
