-- Remote servers, by the names they have in the interfaces file; the first is this one.
-- Reference Manual: Tables, sysservers
SELECT
    '' AS "path",
    s.srvname AS "part",
    'server_link' AS "kind",
    COALESCE(s.srvnetname, s.srvname) AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM master..sysservers AS s
WHERE s.srvid > 0
