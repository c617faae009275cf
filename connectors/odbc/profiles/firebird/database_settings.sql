-- What the database says of itself, and which files it is made of.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-database
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-files
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx05-database
SELECT '' AS "path", 'encoding' AS "name", CAST(d.RDB$CHARACTER_SET_NAME AS VARCHAR(255)) AS "value"
FROM RDB$DATABASE d
UNION ALL
SELECT '' AS "path", 'database_bytes' AS "name", CAST(CAST(m.MON$PAGES AS BIGINT) * m.MON$PAGE_SIZE AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'created' AS "name", CAST(m.MON$CREATION_DATE AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'file.main' AS "name", CAST(m.MON$DATABASE_NAME AS VARCHAR(255)) AS "value"
FROM MON$DATABASE m
UNION ALL
SELECT '' AS "path", 'file.' || CAST(f.RDB$FILE_SEQUENCE AS VARCHAR(10)) AS "name", CAST(f.RDB$FILE_NAME AS VARCHAR(255)) AS "value"
FROM RDB$FILES f
