-- Tables, views and proxies for tables elsewhere (1024 in their second status). Rows and pages are what the server keeps of
-- itself: nothing is counted.
-- Reference Manual: Tables, sysobjects
-- Reference Manual: Tables, sysusers
-- Reference Manual: Tables, sysattributes
SELECT
    o.name AS "name",
    CASE WHEN o.type = 'V' THEN 'view' WHEN o.sysstat2 & 1024 = 1024 THEN 'foreign_table' ELSE 'table' END AS "kind",
    CASE WHEN o.type = 'U' AND o.sysstat2 & 1024 = 0 THEN CONVERT(bigint, DATA_PAGES(DB_ID(), o.id)) * @@maxpagesize END AS "size",
    CASE WHEN o.type = 'U' AND o.sysstat2 & 1024 = 0 THEN CONVERT(bigint, RESERVED_PAGES(DB_ID(), o.id)) * @@maxpagesize END AS "allocated",
    CASE WHEN o.type = 'U' AND o.sysstat2 & 1024 = 0 THEN ROW_COUNT(DB_ID(), o.id) END AS "rows",
    (CAST(DATEDIFF(MINUTE, '19700101', o.crdate) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "created",
    u.name AS "owner",
    a.char_value AS "target"
FROM sysobjects AS o
JOIN sysusers AS u ON u.uid = o.uid
LEFT JOIN sysattributes AS a ON a.class = 9 AND a.attribute = 1 AND a.object = o.id AND o.sysstat2 & 1024 = 1024
WHERE u.name = :schema AND o.type IN ('U', 'V')
