-- What the server and the file say of themselves; in Firebird 2.1 and later.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx05-database
SELECT '' AS "path", 'server_version' AS "name", CAST(RDB$GET_CONTEXT('SYSTEM', 'ENGINE_VERSION') AS VARCHAR(255)) AS "value"
FROM RDB$DATABASE d
UNION ALL
SELECT '' AS "path", 'page_size' AS "name", CAST(m.MON$PAGE_SIZE AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'ods_major' AS "name", CAST(m.MON$ODS_MAJOR AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'ods_minor' AS "name", CAST(m.MON$ODS_MINOR AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'sql_dialect' AS "name", CAST(m.MON$SQL_DIALECT AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'read_only' AS "name", CAST(m.MON$READ_ONLY AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'forced_writes' AS "name", CAST(m.MON$FORCED_WRITES AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'sweep_interval' AS "name", CAST(m.MON$SWEEP_INTERVAL AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'shutdown_mode' AS "name", CAST(m.MON$SHUTDOWN_MODE AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'backup_state' AS "name", CAST(m.MON$BACKUP_STATE AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'remote_protocol' AS "name", CAST(a.MON$REMOTE_PROTOCOL AS VARCHAR(255)) AS "value"
FROM MON$ATTACHMENTS a
WHERE a.MON$ATTACHMENT_ID = CURRENT_CONNECTION
