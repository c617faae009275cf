-- Procedures, and functions out of libraries or in the server: these with library and entry point.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-procedures
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-functions
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-packages
SELECT
    p.RDB$PROCEDURE_NAME AS "path",
    'procedure' AS "kind",
    'firebird' AS "dialect",
    COALESCE(CAST(p.RDB$ENGINE_NAME AS VARCHAR(31)), 'psql') AS "language",
    p.RDB$PROCEDURE_SOURCE AS "definition"
FROM RDB$PROCEDURES p
WHERE COALESCE(p.RDB$SYSTEM_FLAG, 0) = 0 AND p.RDB$PACKAGE_NAME IS NULL
UNION ALL
SELECT
    f.RDB$FUNCTION_NAME AS "path",
    'function' AS "kind",
    'firebird' AS "dialect",
    COALESCE(CAST(f.RDB$ENGINE_NAME AS VARCHAR(31)), CASE WHEN f.RDB$LEGACY_FLAG = 1 THEN 'c' ELSE 'psql' END) AS "language",
    COALESCE(f.RDB$FUNCTION_SOURCE, CAST(f.RDB$MODULE_NAME AS VARCHAR(255)) || '!' || f.RDB$ENTRYPOINT) AS "definition"
FROM RDB$FUNCTIONS f
WHERE COALESCE(f.RDB$SYSTEM_FLAG, 0) = 0 AND f.RDB$PACKAGE_NAME IS NULL
UNION ALL
SELECT
    k.RDB$PACKAGE_NAME AS "path",
    'procedure' AS "kind",
    'firebird' AS "dialect",
    'package' AS "language",
    k.RDB$PACKAGE_BODY_SOURCE AS "definition"
FROM RDB$PACKAGES k
WHERE COALESCE(k.RDB$SYSTEM_FLAG, 0) = 0
