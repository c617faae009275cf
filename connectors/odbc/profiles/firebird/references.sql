-- Files that tables and functions lead to.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-relations
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-functions
SELECT
    r.RDB$RELATION_NAME AS "path",
    r.RDB$RELATION_NAME AS "part",
    'path' AS "kind",
    r.RDB$EXTERNAL_FILE AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM RDB$RELATIONS r
WHERE r.RDB$EXTERNAL_FILE IS NOT NULL
UNION ALL
SELECT
    f.RDB$FUNCTION_NAME AS "path",
    f.RDB$FUNCTION_NAME AS "part",
    'path' AS "kind",
    f.RDB$MODULE_NAME AS "locator",
    'active' AS "status",
    'catalog' AS "extractor"
FROM RDB$FUNCTIONS f
WHERE COALESCE(f.RDB$SYSTEM_FLAG, 0) = 0 AND f.RDB$MODULE_NAME IS NOT NULL
