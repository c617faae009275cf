-- What leads elsewhere: synonyms of other databases and servers, and the files of external tables.
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-syssyntable
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-sysextdfiles
-- https://www.ibm.com/docs/en/informix-servers/14.10?topic=tables-systables
SELECT
    t.tabname AS path,
    t.tabname AS part,
    CASE WHEN s.servername IS NOT NULL THEN 'server_link' ELSE 'table' END AS kind,
    TRIM(s.dbname) || COALESCE('@' || TRIM(s.servername), '') || ':' || TRIM(s.owner) || '.' || s.tabname AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM syssyntable s
JOIN systables t ON t.tabid = s.tabid
WHERE t.owner = :schema AND s.dbname IS NOT NULL
UNION ALL
SELECT
    t.tabname AS path,
    t.tabname AS part,
    'path' AS kind,
    f.dfentry AS locator,
    'active' AS status,
    'catalog' AS extractor
FROM sysextdfiles f
JOIN systables t ON t.tabid = f.tabid
WHERE t.owner = :schema
