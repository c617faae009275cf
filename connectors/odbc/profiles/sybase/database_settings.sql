-- What the database says of itself, and how large its pieces are.
-- Reference Manual: Tables, sysdatabases
-- Reference Manual: Tables, sysusages
SELECT '' AS "path", 'status' AS "name", CONVERT(varchar(20), d.status) AS "value"
FROM master..sysdatabases AS d
WHERE d.name = DB_NAME()
UNION ALL
SELECT '' AS "path", 'is_read_only' AS "name", CASE WHEN d.status & 1024 = 1024 THEN '1' ELSE '0' END AS "value"
FROM master..sysdatabases AS d
WHERE d.name = DB_NAME()
UNION ALL
SELECT '' AS "path", 'database_bytes' AS "name", CONVERT(varchar(30), SUM(CONVERT(bigint, g.size)) * @@maxpagesize) AS "value"
FROM master..sysusages AS g
WHERE g.dbid = DB_ID()
