-- Procedures, functions, packages and types, a line a piece; what a package promises and what it does are two texts.
-- https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_SOURCE.html
SELECT
    s.name AS "path",
    CASE s.type WHEN 'FUNCTION' THEN 'function' ELSE 'procedure' END AS "kind",
    'oracle' AS "dialect",
    CASE WHEN s.type IN ('PROCEDURE', 'FUNCTION') THEN 'plsql' ELSE LOWER(s.type) END AS "language",
    s.text AS "definition",
    s.line AS "place"
FROM all_source s
WHERE s.owner = :schema AND s.type IN ('PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY', 'TYPE', 'TYPE BODY', 'JAVA SOURCE')
ORDER BY s.name, s.type, s.line
