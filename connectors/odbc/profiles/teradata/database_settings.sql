-- What the database says of itself: the space it may take, and what is written of it elsewhere.
-- https://docs.teradata.com/r/Teradata-VantageTM-Data-Dictionary, DatabasesV
SELECT '' AS "path", 'perm_space' AS "name", CAST(CAST(d.PermSpace AS BIGINT) AS VARCHAR(30)) AS "value"
FROM DBC.DatabasesV AS d
WHERE d.DatabaseName = :database
UNION ALL
SELECT '' AS "path", 'protection' AS "name", CAST(d.ProtectionType AS VARCHAR(30)) AS "value"
FROM DBC.DatabasesV AS d
WHERE d.DatabaseName = :database
UNION ALL
SELECT '' AS "path", 'journal' AS "name", CAST(d.JournalFlag AS VARCHAR(30)) AS "value"
FROM DBC.DatabasesV AS d
WHERE d.DatabaseName = :database
UNION ALL
SELECT '' AS "path", 'comment' AS "name", CAST(d.CommentString AS VARCHAR(255)) AS "value"
FROM DBC.DatabasesV AS d
WHERE d.DatabaseName = :database AND d.CommentString IS NOT NULL
