-- What the server says of itself; configuration as it runs now.
-- Reference Manual: Tables, syscurconfigs
-- Reference Manual: Tables, sysconfigures
SELECT '' AS "path", 'server_version' AS "name", @@version AS "value"
UNION ALL
SELECT '' AS "path", 'server_name' AS "name", @@servername AS "value"
UNION ALL
SELECT '' AS "path", 'page_size' AS "name", CONVERT(varchar(10), @@maxpagesize) AS "value"
UNION ALL
SELECT '' AS "path", 'ssl_ciphersuite' AS "name", @@ssl_ciphersuite AS "value"
UNION ALL
SELECT '' AS "path", REPLACE(LOWER(c.name), ' ', '_') AS "name", COALESCE(u.value2, CONVERT(varchar(20), u.value)) AS "value"
FROM master..sysconfigures AS c
JOIN master..syscurconfigs AS u ON u.config = c.config
WHERE c.name IN (
    'allow remote access', 'allow updates to system tables', 'auditing', 'enable cis', 'enable file access', 'enable ssl', 'enable xact coordination',
    'net password encryption reqd', 'default character set id', 'default sortorder id', 'minimum password length', 'xp_cmdshell context'
)
