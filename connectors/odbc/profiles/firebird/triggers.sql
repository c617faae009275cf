-- Triggers; those of the database as a whole are on no table.
-- https://firebirdsql.org/file/documentation/html/en/refdocs/fblangref30/firebird-30-language-reference.html#fblangref30-appx04-triggers
SELECT
    t.RDB$TRIGGER_NAME AS "path",
    'trigger' AS "kind",
    'firebird' AS "dialect",
    'psql' AS "language",
    t.RDB$RELATION_NAME AS "on_path",
    t.RDB$TRIGGER_SOURCE AS "definition"
FROM RDB$TRIGGERS t
LEFT JOIN RDB$CHECK_CONSTRAINTS c ON c.RDB$TRIGGER_NAME = t.RDB$TRIGGER_NAME
WHERE COALESCE(t.RDB$SYSTEM_FLAG, 0) = 0 AND c.RDB$TRIGGER_NAME IS NULL
    AND t.RDB$RELATION_NAME = :object
