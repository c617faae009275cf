-- Comments on tables and views; the empty path is the database itself.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relations
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-database
SELECT r.RDB$RELATION_NAME AS "path", 'comment' AS "name", r.RDB$DESCRIPTION AS "value"
FROM RDB$RELATIONS r
WHERE COALESCE(r.RDB$SYSTEM_FLAG, 0) = 0 AND r.RDB$DESCRIPTION IS NOT NULL
UNION ALL
SELECT '' AS "path", 'comment' AS "name", d.RDB$DESCRIPTION AS "value"
FROM RDB$DATABASE d
WHERE d.RDB$DESCRIPTION IS NOT NULL
