-- Databases of the server, without its own. Times are the server's own, its distance from UTC today taken off.
-- Reference Manual: Tables, sysdatabases
-- Reference Manual: Tables, syslogins
SELECT
    d.name AS "name",
    'database' AS "kind",
    l.name AS "owner",
    (CAST(DATEDIFF(MINUTE, '19700101', d.crdate) AS bigint) - DATEDIFF(MINUTE, GETUTCDATE(), GETDATE())) * 60000000 AS "created"
FROM master..sysdatabases AS d
LEFT JOIN master..syslogins AS l ON l.suid = d.suid
WHERE d.name NOT IN ('master', 'model', 'tempdb', 'sybsystemdb', 'sybsystemprocs', 'sybsecurity', 'sybmgmtdb', 'dbccdb', 'sybpcidb', 'saptools')
ORDER BY d.name
