-- Procedures, and functions out of libraries: these with library and entry point.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-procedures
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-functions
SELECT
    p.RDB$PROCEDURE_NAME AS "path",
    'procedure' AS "kind",
    'firebird' AS "dialect",
    'psql' AS "language",
    p.RDB$PROCEDURE_SOURCE AS "definition"
FROM RDB$PROCEDURES p
WHERE COALESCE(p.RDB$SYSTEM_FLAG, 0) = 0
UNION ALL
SELECT
    f.RDB$FUNCTION_NAME AS "path",
    'function' AS "kind",
    'firebird' AS "dialect",
    'c' AS "language",
    CAST(f.RDB$MODULE_NAME AS VARCHAR(255)) || '!' || f.RDB$ENTRYPOINT AS "definition"
FROM RDB$FUNCTIONS f
WHERE COALESCE(f.RDB$SYSTEM_FLAG, 0) = 0
