-- What leads elsewhere: where the proxy tables' rows are.
-- Reference Manual: Tables, sysattributes
SELECT
    o.name AS "path",
    o.name AS "part",
    'server_link' AS "kind",
    a.char_value AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM sysattributes AS a
JOIN sysobjects AS o ON o.id = a.object
JOIN sysusers AS u ON u.uid = o.uid
WHERE a.class = 9 AND a.attribute = 1 AND u.name = :schema AND a.char_value IS NOT NULL
