-- The one database of the connection; it has no name of its own.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-database
SELECT 'main' AS "name", 'database' AS "kind"
FROM RDB$DATABASE d
